import type { Arrived } from './Line.js';

const LF = 10;

/** The engine makes a line a view of the text that it is cut from: a line that is kept keeps as much. */
const BLOCK_BYTES = 2_048;

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Decodes what a socket received.
 *
 * @example
 * ```ts
 * decodeFrame('["a",3]'); // ['a', 3]
 * ```
 *
 * @param data - a message: text, or bytes.
 * @returns the frame; nothing of it is checked yet but that it is a list.
 * @throws TypeError, SyntaxError for anything but a frame of `encodeFrame`.
 * @see {@link encodeFrame}, for the other direction
 */
export function decodeFrame(data: string | ArrayBuffer | Uint8Array): Arrived {
  const frame: unknown =
    typeof data === 'string'
      ? JSON.parse(data)
      : decodeBytes(data instanceof Uint8Array ? data : new Uint8Array(data));
  if (!Array.isArray(frame)) throw new TypeError('not a frame');
  return frame;
}

function decodeBytes(whole: Uint8Array): Arrived {
  const start = whole.indexOf(LF) + 1;
  const head: unknown = JSON.parse(utf8.decode(whole.subarray(0, start)));
  if (!Array.isArray(head)) throw new TypeError('not a frame');
  const [kind, at, consumed, topic, shape] = head as unknown[];
  const body = whole.subarray(start);
  return [kind, at, consumed, topic, decodeBody(body, shape)];
}

function decodeBody(body: Uint8Array, shape: unknown): unknown[] {
  const values = Array.isArray(shape) ? decodePieces(body, shape) : decodeLines(body);
  if (values.length !== (Array.isArray(shape) ? shape.length : shape)) {
    throw new TypeError("the number of values is not that of the frame's head");
  }
  return values;
}

function decodePieces(body: Uint8Array, lengths: readonly unknown[]): Uint8Array[] {
  let offset = 0;
  const pieces = lengths.map((length) => {
    if (!Number.isInteger(length) || (length as number) < 0) throw new TypeError('not a length');
    // A copy: a piece that is kept would keep its whole frame. (A Buffer's `slice` is none.)
    return new Uint8Array(body.subarray(offset, (offset += length as number)));
  });
  if (offset !== body.byteLength)
    throw new TypeError("the number of bytes is not that of the frame's head");
  return pieces;
}

function decodeLines(body: Uint8Array): string[] {
  const lines: string[] = [];
  let start = 0;
  while (body.byteLength - start > BLOCK_BYTES) {
    let end = body.lastIndexOf(LF, start + BLOCK_BYTES);
    if (end < start) end = body.indexOf(LF, start + BLOCK_BYTES);
    if (end === -1) break;
    pushLines(lines, utf8.decode(body.subarray(start, end)));
    start = end + 1;
  }
  pushLines(lines, utf8.decode(body.subarray(start)));
  return lines;
}

function pushLines(lines: string[], text: string): void {
  let start = 0;
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
    lines.push(text.slice(start, end));
    start = end + 1;
  }
  lines.push(text.slice(start));
}
