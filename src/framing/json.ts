import { callable } from '../contract/check.js';
import { checkOptions, type Checks } from '../contract/options.js';
import { SchemaError, standardSchema, validate, type StandardSchema } from './schema.js';

/** Options of the codecs of JSON, {@link jsonLines} and {@link contentLength}. */
export interface JsonOptions<Out = unknown> {
  /**
   * Validates each value that the program writes, and determines its type: a schema of zod, valibot, ArkType or
   * another library with the Standard Schema interface. Its output is emitted, defaults and transformations included.
   * @defaultValue none: nothing is validated, the type is the caller's word
   */
  readonly schema?: StandardSchema<Out>;
  /**
   * Gets a text that is not JSON, or whose value the schema refuses (a `SchemaError`), which is then skipped.
   * @defaultValue none: such a text ends the run with a `FramingError`
   */
  readonly onInvalid?: (error: Error, text: string) => void;
}

/** The checks of {@link JsonOptions}. */
export const JSON_CHECKS = {
  schema: standardSchema,
  onInvalid: callable,
} satisfies Checks<JsonOptions>;

/**
 * Makes a function that reads a JSON text and emits its value if it is valid.
 *
 * @param name - the codec's, for messages.
 * @param checks - of all options of the codec.
 * @throws TypeError for a wrong option.
 */
export function jsonReader<Out>(
  name: string,
  options: JsonOptions<Out>,
  checks: Checks<JsonOptions> = JSON_CHECKS,
): (text: string, next: (value: Out) => void) => void {
  checkOptions(name, options, checks);
  const { schema, onInvalid } = options;
  return (text, next) => {
    let value: Out;
    try {
      const json = fromJson(text);
      value = schema ? validate(schema, json) : (json as Out);
    } catch (error) {
      const isInvalid = error instanceof SyntaxError || error instanceof SchemaError;
      if (!onInvalid || !isInvalid) throw error;
      onInvalid(error, text);
      return;
    }
    next(value);
  };
}

/** @throws TypeError if the value has no JSON. */
export function toJson(value: unknown): string {
  const json = JSON.stringify(value) as string | undefined;
  if (json === undefined) throw new TypeError(`${typeof value} cannot be sent as JSON`);
  return json;
}

/** @throws SyntaxError with the beginning of what is not JSON. */
function fromJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const beginning = JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
    throw new SyntaxError(`not JSON: ${beginning}`, { cause });
  }
}
