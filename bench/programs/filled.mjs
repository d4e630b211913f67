/** A program that writes lines of this length, line end included. */
export const filled = (lines, bytes) => [
  'sh',
  '-c',
  `yes ${'x'.repeat(bytes - 1)} | head -n ${lines}`,
];

/** The total that it writes. */
export const sizeOfFilled = (lines, bytes) => ({ lines, bytes: lines * bytes });
