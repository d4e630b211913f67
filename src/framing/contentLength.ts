import { checkArguments } from '../contract/options.js';
import { ByteBuffer } from './ByteBuffer.js';
import type { Codec } from './codec.js';
import { jsonReader, toJson, type JsonOptions } from './json.js';

const END_OF_HEADER = new TextEncoder().encode('\r\n\r\n');
const MAX_HEADER_BYTES = 8 * 1024;

/**
 * JSON messages, each behind a header with its length: the base protocol of language servers and debug
 * adapters (Language Server Protocol 3.17, "Base Protocol"). What breaks the protocol ends the run with a
 * `FramingError`: no `Content-Length`, a body that is not JSON or longer than `maxLineBytes`, an end
 * in the middle of a message. Without a schema the types are the caller's word: nothing is validated.
 *
 * @example
 * ```ts
 * const server = createWorker('typescript-language-server --stdio', {
 *   codec: contentLength<Message, Message>(),
 * });
 * ```
 *
 * @param options - see {@link JsonOptions}.
 * @returns the codec.
 * @throws TypeError for a wrong option.
 * @see {@link jsonLines}
 */
export function contentLength<Out = unknown, In = unknown>(
  options: JsonOptions<Out> = {},
): Codec<Out, In> {
  checkArguments('contentLength', arguments, 1);
  const read = jsonReader('contentLength', options);
  const utf8 = new TextDecoder();
  const encoder = new TextEncoder();
  return {
    decoder(next, { maxLineBytes }) {
      const waiting = new ByteBuffer();
      let bodyBytes: number | undefined;
      /** Reads the header; `false` if it is not whole yet. */
      const readHeader = (): boolean => {
        const end = waiting.indexOf(END_OF_HEADER);
        // Its end may have been cut.
        const known = end === -1 ? waiting.length - END_OF_HEADER.length + 1 : end;
        if (known > MAX_HEADER_BYTES) {
          throw new RangeError(`a header is longer than ${MAX_HEADER_BYTES} bytes`);
        }
        if (end === -1) return false;
        bodyBytes = lengthIn(utf8.decode(waiting.view(0, end)));
        if (bodyBytes > maxLineBytes) {
          throw new RangeError(`a message is longer than maxLineBytes (${maxLineBytes})`);
        }
        waiting.drop(end + END_OF_HEADER.length);
        return true;
      };
      return {
        write(chunk) {
          waiting.append(chunk);
          while (bodyBytes !== undefined || readHeader()) {
            const length = bodyBytes ?? 0;
            if (waiting.length < length) return;
            const body = utf8.decode(waiting.view(0, length));
            waiting.drop(length);
            bodyBytes = undefined;
            read(body, next);
          }
        },
        end() {
          if (waiting.length > 0 || bodyBytes !== undefined) {
            throw new Error('the output ended in the middle of a message');
          }
        },
      };
    },
    encode(value) {
      const body = toJson(value);
      return `Content-Length: ${encoder.encode(body).length}\r\n\r\n${body}`;
    },
  };
}

function lengthIn(header: string): number {
  const length = /^content-length:[ \t]*(\d+)[ \t]*$/im.exec(header)?.[1];
  if (length === undefined) {
    throw new SyntaxError(`no Content-Length in the header ${JSON.stringify(header.slice(0, 80))}`);
  }
  return Number(length);
}
