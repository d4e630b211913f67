import { callable } from '../contract/check.js';
import { checkArguments, checkOptions, type Checks } from '../contract/options.js';
import type { Codec } from './codec.js';
import { fromJson, toJson } from './json.js';
import { LineDecoder } from './lines.js';

/** Options of {@link jsonLines}. */
export interface JsonLinesOptions {
  /**
   * Gets a line that is not JSON, which is then skipped.
   * @defaultValue none: such a line ends the run with a `FramingError`
   */
  readonly onInvalid?: (error: Error, line: string) => void;
}

const JSON_LINES_CHECKS = { onInvalid: callable } satisfies Checks<JsonLinesOptions>;

/**
 * A JSON value a line (JSON Lines, NDJSON), as tools and Model Context Protocol servers speak it. Blank lines
 * are skipped. The types are the caller's word: nothing is validated.
 *
 * @example
 * ```ts
 * const server = createWorker('node server.js', { codec: jsonLines<Reply, Request>() });
 * ```
 *
 * @param options - see {@link JsonLinesOptions}.
 * @returns the codec.
 * @throws TypeError for a wrong option.
 * @see {@link contentLength}
 */
export function jsonLines<Out = unknown, In = unknown>(
  options: JsonLinesOptions = {},
): Codec<Out, In> {
  checkArguments('jsonLines', arguments, 1);
  checkOptions('jsonLines', options, JSON_LINES_CHECKS);
  const { onInvalid } = options;
  const read = (line: string, next: (value: Out) => void): void => {
    if (line.trim() === '') return;
    let value: unknown;
    try {
      value = fromJson(line);
    } catch (error) {
      if (!onInvalid) throw error;
      onInvalid(error as Error, line);
      return;
    }
    next(value as Out);
  };
  return {
    decoder: (next, { maxLineBytes }) => new LineDecoder((line) => read(line, next), maxLineBytes),
    // JSON escapes every line break but these two, which are some to the readline of Node 24.
    encode: (value) => `${toJson(value).replace(/[\u2028\u2029]/g, escaped)}\n`,
  };
}

const escaped = (separator: string): string => (separator === '\u2028' ? '\\u2028' : '\\u2029');
