/** A value that a line codec sends: it becomes one line, as `String(value)`. */
export type LineInput = string | number | boolean | bigint;
