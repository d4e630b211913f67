/** What a line codec sends: each value becomes one line, as `String(value)`. */
export type LineInput = string | number | boolean | bigint;
