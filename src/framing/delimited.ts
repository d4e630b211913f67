import { checkArguments, checkOptions, type Checks } from '../contract/options.js';
import { ByteBuffer } from './ByteBuffer.js';
import type { Codec } from './codec.js';
import { unterminated, type LinesOptions } from './lines.js';

/** Options of {@link delimited}. */
export interface DelimitedOptions {
  /**
   * The treatment of a last value without its separator: the program may have died while it wrote it.
   * `'error'` fails a run that ends with success by a `FramingError`; any other keeps its own error.
   * @defaultValue `'deliver'`
   */
  readonly unterminated?: LinesOptions['unterminated'];
}

const DELIMITED_CHECKS = { unterminated } satisfies Checks<DelimitedOptions>;

/**
 * Text between separators of any kind, such as NUL (`find -print0`, `xargs -0`) or a blank line. An
 * unterminated last value is delivered (see `unterminated`); empty values are kept. A value past `maxLineBytes` is a
 * `FramingError`; one that contains the separator, be it together with the one behind it, is rejected.
 *
 * @example
 * ```ts
 * fromCommand('find . -print0', { codec: delimited('\0') }).subscribe((path) => console.log(path));
 * ```
 *
 * @param separator - one character or more.
 * @param options - see {@link DelimitedOptions}.
 * @returns the codec.
 * @throws TypeError if the separator is not text, or empty, or for a wrong option.
 */
export function delimited(
  separator: string,
  options: DelimitedOptions = {},
): Codec<string, string> {
  checkArguments('delimited', arguments, 2);
  if (typeof separator !== 'string' || separator === '') {
    throw new TypeError('separator must be a string of one character or more');
  }
  checkOptions('delimited', options, DELIMITED_CHECKS);
  const { unterminated = 'deliver' } = options;
  const mark = new TextEncoder().encode(separator);
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
  return {
    decoder(next, { maxLineBytes }) {
      const waiting = new ByteBuffer();
      /** Delivers what waits up to a separator, and drops both. */
      const deliver = (length: number, separatorLength = 0): void => {
        if (length > maxLineBytes) {
          throw new RangeError(`a value is longer than maxLineBytes (${maxLineBytes})`);
        }
        const value = utf8.decode(waiting.view(0, length));
        waiting.drop(length + separatorLength);
        next(value);
      };
      return {
        write(chunk) {
          // A separator may have been cut: it is looked for a little before the chunk.
          const from = waiting.length - mark.length + 1;
          waiting.append(chunk);
          for (let at = waiting.indexOf(mark, from); at !== -1; at = waiting.indexOf(mark)) {
            deliver(at, mark.length);
          }
          if (waiting.length >= maxLineBytes + mark.length) deliver(waiting.length);
        },
        end() {
          if (waiting.length === 0) return;
          if (unterminated === 'error') {
            throw new Error('the output ended in the middle of a value');
          }
          if (unterminated === 'deliver') deliver(waiting.length);
        },
      };
    },
    encode(value) {
      if (typeof value !== 'string')
        throw new TypeError(`a value must be a string, not ${typeof value}`);
      const encoded = value + separator;
      // The end of a value may make a separator with the beginning of the one behind it: "a-" and "--".
      if (encoded.indexOf(separator) < value.length) {
        throw new TypeError('a value must not contain the separator, or end like its beginning');
      }
      return encoded;
    },
  };
}
