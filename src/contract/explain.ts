/** Lines of a stack trace: they show where an error came from, not what it is. */
const FRAMES: readonly RegExp[] = [
  /^\s+at /, // JavaScript, Java, .NET, Rust
  /^\s*\.\.\. \d+ (more|lines)/, // Java, Node
  /^\s+\d+: /, // Rust
  /^\s+from /, // Ruby
  /^#\d+ /, // PHP
];

/** Lines that are empty, or mark a place in the line above, or name the version of the runtime. */
const NOISE = /^[\s^~]*$|^Node\.js v\d/;

const MAX_LINES = 5;
/** How many of these are from above the last stack trace. */
const MAX_ABOVE = 3;
const MAX_LENGTH = 1_000;

/**
 * The part of stderr that explains a failure: the last lines, stack traces left out, and those above the last stack
 * trace, where most runtimes print the message. (Python prints it last: its stack needs no rule.)
 */
export function explainingPart(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => !NOISE.test(line));
  const isFrame = lines.map((line) => FRAMES.some((frame) => frame.test(line)));
  const end = isFrame.lastIndexOf(true) + 1;
  const above = lines
    .slice(0, end)
    .filter((_, index) => !isFrame[index])
    .slice(-MAX_ABOVE);
  const below = lines.slice(end).slice(above.length - MAX_LINES);
  const room = Math.floor(MAX_LENGTH / (above.length + below.length));
  return [...above, ...below].map((line) => line.trimEnd().slice(-room)).join('\n');
}
