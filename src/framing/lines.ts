import { oneOf } from '../contract/check.js';
import type { LineInput } from '../contract/LineInput.js';
import { checkArguments, checkOptions, type Checks } from '../contract/options.js';
import type { Codec, Decoder } from './codec.js';
import { decodeUtf8, utf8Blocks } from './utf8.js';

export type { LineInput };

/** Options of {@link lines}. */
export interface LinesOptions {
  /**
   * Whether a value that contains LF or CR, and would arrive as two lines, is sent.
   * @defaultValue `'reject'`: it is shown on `rejected$` with a `LineBreakError`
   */
  readonly lineBreaks?: 'reject' | 'allow';
  /**
   * The treatment of a last line without LF: the program may have died while it wrote it.
   * `'error'` fails a run that ends with success by a `FramingError`; any other keeps its own error.
   * @defaultValue `'deliver'`
   */
  readonly unterminated?: 'deliver' | 'drop' | 'error';
}

/** The check of the treatment of a last value without its end. */
export const unterminated = oneOf('deliver', 'drop', 'error');

const LINES_CHECKS = {
  lineBreaks: oneOf('reject', 'allow'),
  unterminated,
} satisfies Checks<LinesOptions>;

/** Thrown by the encoder of {@link lines}; the worker adds the command that it was meant for. */
export class LineBreak extends Error {}

/** Parts of a line that are longer are joined only once. */
const SHORT_BYTES = 32 * 1024;
const LF = 10;
const CR = 13;

/**
 * Lines of UTF-8 text, the default codec. LF ends a line and a CR before it is dropped; nothing else
 * is a line break. Empty lines are kept, an unterminated last line is delivered (see `unterminated`),
 * and a malformed byte becomes U+FFFD (WHATWG Encoding). A line past `maxLineBytes` is a `FramingError`.
 *
 * @example
 * ```ts
 * const shell = createWorker('sh', { codec: lines({ lineBreaks: 'allow' }) });
 * ```
 *
 * @param options - see {@link LinesOptions}.
 * @returns the codec.
 * @throws TypeError for a wrong option.
 * @see {@link delimited} for other separators, {@link bytes} for none
 */
export function lines(options: LinesOptions = {}): Codec<string, LineInput> {
  checkArguments('lines', arguments, 1);
  checkOptions('lines', options, LINES_CHECKS);
  const { lineBreaks = 'reject', unterminated = 'deliver' } = options;
  return {
    decoder: (next, { maxLineBytes }) => new LineDecoder(next, maxLineBytes, unterminated),
    encode(value) {
      const line = typeof value === 'string' ? value : textOf(value);
      if (lineBreaks === 'reject' && (line.includes('\n') || line.includes('\r'))) {
        throw new LineBreak(`${JSON.stringify(line.slice(0, 80))} contains a line break`);
      }
      return `${line}\n`;
    },
  };
}

/**
 * Cuts bytes into lines. LF never occurs inside a UTF-8 sequence, so a chunk is cut at its last LF
 * first, as bytes: all before it decodes in one go, what follows waits undecoded for its end. A
 * line that spans many chunks is joined once, so that it costs linear time.
 */
export class LineDecoder implements Decoder {
  readonly #next: (line: string) => void;
  readonly #maxLineBytes: number;
  #parts: Uint8Array[] = [];
  #partBytes = 0;

  readonly #unterminated: LinesOptions['unterminated'];

  constructor(
    next: (line: string) => void,
    maxLineBytes: number,
    unterminated: LinesOptions['unterminated'] = 'deliver',
  ) {
    this.#next = next;
    this.#maxLineBytes = maxLineBytes;
    this.#unterminated = unterminated;
  }

  write(chunk: Uint8Array): void {
    const last = chunk.lastIndexOf(LF);
    if (last === -1) {
      this.#hold(chunk);
      return;
    }
    let start = 0;
    if (this.#partBytes > 0) {
      start = chunk.indexOf(LF) + 1;
      this.#hold(chunk.subarray(0, start - 1));
      this.#next(withoutCr(decodeUtf8(this.#release())));
    }
    const complete = chunk.subarray(start, last);
    if (complete.length > this.#maxLineBytes) this.#deliverChecked(complete);
    else if (start <= last) this.#deliverBlocks(complete);
    this.#hold(chunk.subarray(last + 1));
  }

  end(): void {
    if (this.#partBytes === 0) return;
    const last = this.#release();
    if (this.#unterminated === 'error') throw new Error('the output ended in the middle of a line');
    if (this.#unterminated === 'deliver') this.#next(decodeUtf8(last));
  }

  /**
   * Decodes whole lines, a block at a time: the engine makes each line a view of the text that it is cut from,
   * so that keeping a line keeps that text.
   */
  #deliverBlocks(complete: Uint8Array): void {
    const { length } = complete;
    const { blockBytes, decode } = utf8Blocks(complete);
    let start = 0;
    while (length - start > blockBytes) {
      let end = complete.lastIndexOf(LF, start + blockBytes);
      if (end < start) end = complete.indexOf(LF, start + blockBytes);
      if (end === -1) break;
      this.#deliver(decode(start, end));
      start = end + 1;
    }
    this.#deliver(decode(start, length));
  }

  /** Delivers the lines of a text whose last line end is already cut off. */
  #deliver(text: string): void {
    const next = this.#next;
    let start = 0;
    let end = text.indexOf('\n');
    while (end !== -1) {
      next(text.slice(start, text.charCodeAt(end - 1) === CR ? end - 1 : end));
      start = end + 1;
      end = text.indexOf('\n', start);
    }
    next(withoutCr(text.slice(start)));
  }

  /** The same, a line at a time: some line may be past the limit. */
  #deliverChecked(complete: Uint8Array): void {
    let start = 0;
    for (let end = 0; end !== complete.length; start = end + 1) {
      end = complete.indexOf(LF, start);
      if (end === -1) end = complete.length;
      if (end - start > this.#maxLineBytes) this.#tooLong();
      this.#next(withoutCr(decodeUtf8(complete.subarray(start, end))));
    }
  }

  #hold(part: Uint8Array): void {
    if (part.length === 0) return;
    this.#partBytes += part.length;
    // A short part is joined with what is as short before it: a byte at a time would make as many parts.
    let joined = part;
    for (
      let before = this.#parts.at(-1);
      before && before.length <= joined.length && joined.length < SHORT_BYTES;
      before = this.#parts.at(-1)
    ) {
      joined = join([before, joined], before.length + joined.length);
      this.#parts.pop();
    }
    this.#parts.push(joined);
    if (this.#partBytes > this.#maxLineBytes) this.#tooLong();
  }

  #release(): Uint8Array {
    const [first, ...more] = this.#parts;
    const joined = more.length === 0 && first ? first : join(this.#parts, this.#partBytes);
    this.#parts = [];
    this.#partBytes = 0;
    return joined;
  }

  #tooLong(): never {
    throw new RangeError(`a line is longer than maxLineBytes (${this.#maxLineBytes})`);
  }
}

function textOf(value: LineInput): string {
  if (['string', 'number', 'boolean', 'bigint'].includes(typeof value)) return String(value);
  throw new TypeError(`a line must be a string, number, boolean or bigint, not ${typeof value}`);
}

function withoutCr(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

function join(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const joined = new Uint8Array(bytes);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}
