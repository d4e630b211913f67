#!/bin/sh
# Becomes the program that its arguments name.
exec "$@"
