/** The command that writes so many lines. */
export const seq = (lines) => ['seq', '1', String(lines)];

/** The lines and bytes that it writes. */
export function sizeOfSeq(lines) {
  let bytes = 0;
  for (let first = 1; first <= lines; first *= 10) {
    bytes += (Math.min(lines, first * 10 - 1) - first + 1) * (String(first).length + 1);
  }
  return { lines, bytes };
}
