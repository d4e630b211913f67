/** How many lines there were, and how many bytes with their line ends, if they are ASCII. */
export class LineCount {
  lines = 0;
  bytes = 0;

  add(line) {
    this.lines++;
    this.bytes += line.length + 1;
  }
}
