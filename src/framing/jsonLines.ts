import { checkArguments, type Checks } from '../contract/options.js';
import type { Codec } from './codec.js';
import { JSON_CHECKS, jsonReader, toJson, type JsonOptions } from './json.js';
import { LineDecoder, unterminated, type LinesOptions } from './lines.js';

/** Options of {@link jsonLines}. */
export interface JsonLinesOptions<Out = unknown> extends JsonOptions<Out> {
  /**
   * The treatment of a last line without LF: of a number that was cut, the rest is a number, too.
   * `'error'` fails a run that ends with success by a `FramingError`; any other keeps its own error.
   * @defaultValue `'deliver'`
   */
  readonly unterminated?: LinesOptions['unterminated'];
}

const JSON_LINES_CHECKS = { ...JSON_CHECKS, unterminated } satisfies Checks<JsonLinesOptions>;

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
 * @param options - see {@link JsonLinesOptions}.
 * @returns the codec.
 * @throws TypeError for a wrong option.
 * @see {@link contentLength}
 */
export function jsonLines<Out = unknown, In = unknown>(
  options: JsonLinesOptions<Out> = {},
): Codec<Out, In> {
  checkArguments('jsonLines', arguments, 1);
  const read = jsonReader('jsonLines', options, JSON_LINES_CHECKS);
  return {
    decoder: (next, { maxLineBytes }) =>
      new LineDecoder(
        (line) => {
          if (line.trim() !== '') read(line, next);
        },
        maxLineBytes,
        options.unterminated,
      ),
    // JSON escapes every line break but these two, which are some to the readline of Node 24.
    encode: (value) => `${toJson(value).replace(/[\u2028\u2029]/g, escaped)}\n`,
  };
}

const escaped = (separator: string): string => (separator === '\u2028' ? '\\u2028' : '\\u2029');
