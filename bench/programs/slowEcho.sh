# Writes back each line, after so many seconds.
while read -r line; do
  sleep "$1"
  echo "$line"
done
