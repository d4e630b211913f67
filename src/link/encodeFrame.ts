import type { Batch } from './Batch.js';
import type { Frame } from './Line.js';

/** A frame for a socket: text; or bytes, a head for this frame alone and a body that other sessions share. */
export type Encoded =
  string | readonly [head: Uint8Array<ArrayBuffer>, body: Uint8Array<ArrayBuffer>];

const utf8 = new TextEncoder();

/**
 * Encodes a frame for a socket, or for a transport of one's own. Several lines, or bytes, go as one line of JSON and then the lines or bytes as they
 * are: `JSON.parse` looks each short string up among all that there are, and takes ten times as long for a million
 * different ones.
 *
 * @example
 * ```ts
 * encodeFrame(['a', 3]); // '["a",3]'
 * ```
 *
 * @param frame - what a line is to send.
 * @returns text, or the two parts of a binary message.
 * @see {@link decodeFrame}, for the other direction
 */
export function encodeFrame(frame: Frame): Encoded {
  if (frame[0] !== 'd') return JSON.stringify(frame);
  const [, at, consumed, batch] = frame;
  const body = (batch.encoded ??= encodeValues(batch));
  if (typeof body === 'string') return `["d",${at},${consumed},"${batch.topic}",${body}]`;
  const head = JSON.stringify(['d', at, consumed, batch.topic, shapeOf(batch)]);
  return [utf8.encode(`${head}\n`), body];
}

/** Joins the two parts of a frame, for sockets that take a message whole. */
export function joined(encoded: Encoded): string | Uint8Array<ArrayBuffer> {
  return typeof encoded === 'string' ? encoded : concat(encoded);
}

/** How the body of a frame divides: the number of its lines, or the length of each piece of bytes. */
function shapeOf({ values }: Batch): number | readonly number[] {
  return isBytes(values) ? values.map(({ byteLength }) => byteLength) : values.length;
}

function encodeValues({ values, texts }: Batch): string | Uint8Array<ArrayBuffer> {
  if (texts) return `[${texts.join(',')}]`;
  if (isBytes(values)) return concat(values);
  return encodeLines(values as readonly string[]) ?? JSON.stringify(values);
}

/** `undefined` for a single line, and for what would arrive as other lines. */
function encodeLines(lines: readonly string[]): Uint8Array<ArrayBuffer> | undefined {
  if (lines.length < 2) return undefined;
  const text = lines.join('\n');
  let count = 1;
  for (let i = text.indexOf('\n'); i !== -1; i = text.indexOf('\n', i + 1)) count++;
  // A codec may make values with line breaks, or with lone surrogates, which UTF-8 has no bytes for.
  return count === lines.length && isWellFormed(text) ? utf8.encode(text) : undefined;
}

const LONE_SURROGATE = /\p{Surrogate}/u;

function isWellFormed(text: string): boolean {
  // ES2024, which not every browser in use has.
  const native = (text as { isWellFormed?: () => boolean }).isWellFormed;
  return native ? native.call(text) : !LONE_SURROGATE.test(text);
}

function isBytes(values: readonly unknown[]): values is readonly Uint8Array[] {
  return values[0] instanceof Uint8Array;
}

function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.byteLength;
  }
  return whole;
}
