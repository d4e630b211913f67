import { checkArguments } from '../contract/options.js';
import type { Codec } from './codec.js';
import { jsonReader, toJson, type JsonOptions } from './json.js';
import { LineDecoder } from './lines.js';

/**
 * A JSON value a line (JSON Lines, NDJSON), as tools and Model Context Protocol servers speak it. Blank lines
 * are skipped. Without a schema the types are the caller's word: nothing is validated.
 *
 * @example
 * ```ts
 * const server = createWorker('node server.js', { codec: jsonLines<Reply, Request>() });
 *
 * import { z } from 'zod';
 *
 * const Move = z.object({ from: z.string(), to: z.string() });
 * const engine = createWorker('node engine.js', { codec: jsonLines({ schema: Move }) });
 * engine.output$.subscribe(({ from, to }) => console.log(from, to)); // Checked, and typed.
 * ```
 *
 * @param options - see {@link JsonOptions}.
 * @returns the codec.
 * @throws TypeError for a wrong option.
 * @see {@link contentLength}
 */
export function jsonLines<Out = unknown, In = unknown>(
  options: JsonOptions<Out> = {},
): Codec<Out, In> {
  checkArguments('jsonLines', arguments, 1);
  const read = jsonReader('jsonLines', options);
  return {
    decoder: (next, { maxLineBytes }) =>
      new LineDecoder((line) => {
        if (line.trim() !== '') read(line, next);
      }, maxLineBytes),
    // JSON escapes every line break but these two, which are some to the readline of Node 24.
    encode: (value) => `${toJson(value).replace(/[\u2028\u2029]/g, escaped)}\n`,
  };
}

const escaped = (separator: string): string => (separator === '\u2028' ? '\\u2028' : '\\u2029');
