import type { Check } from '../contract/check.js';

/**
 * A validator with the Standard Schema interface, version 1, as zod, valibot, ArkType and others have it. It is given
 * here so that none of them is a dependency.
 *
 * @see https://standardschema.dev
 */
export interface StandardSchema<Out = unknown> {
  /** The interface. */
  readonly '~standard': {
    /** The version of the interface. */
    readonly version: 1;
    /** The name of the library. */
    readonly vendor: string;
    /** Validates a value. It must answer at once: values keep their order. */
    readonly validate: (value: unknown) => SchemaResult<Out> | Promise<SchemaResult<Out>>;
    /** The types that are inferred; absent at run time. */
    readonly types?:
      | {
          /** What the validator takes. */
          readonly input: unknown;
          /** What it makes of it. */
          readonly output: Out;
        }
      | undefined;
  };
}

/** The answer of a validator: the value, possibly transformed, or the reasons why it is none. */
export type SchemaResult<Out> =
  | {
      /** The value that is emitted. */
      readonly value: Out;
      /** Absent. */
      readonly issues?: undefined;
    }
  | {
      /** Why the value is refused. */
      readonly issues: readonly SchemaIssue[];
    };

/** A reason why a value is refused. */
export interface SchemaIssue {
  /** The reason, in the words of the validator. */
  readonly message: string;
  /** Where in the value; absent for the value as a whole. */
  readonly path?:
    | readonly (
        | PropertyKey
        | {
            /** The name of a property, or an index. */
            readonly key: PropertyKey;
          }
      )[]
    | undefined;
}

/** A value that a schema refuses. It is the `cause` of a `FramingError`, or goes to `onInvalid`. */
export class SchemaError extends Error {
  /** The name of the class. */
  override readonly name = 'SchemaError';

  constructor(
    /** The reasons, at least one. */
    readonly issues: readonly SchemaIssue[],
    /** The value that was refused. */
    readonly value: unknown,
  ) {
    super(`does not fit the schema: ${inWords(issues)}`);
  }
}

/** An object, or a function as those of ArkType are, with the interface. */
export const standardSchema: Check = (name, schema) => {
  const isObject = (typeof schema === 'object' && schema !== null) || typeof schema === 'function';
  const standard = isObject ? (schema as Partial<StandardSchema>)['~standard'] : undefined;
  if (standard?.version === 1 && typeof standard.validate === 'function') return;
  throw new TypeError(`${name} must have the Standard Schema interface, version 1 ("~standard")`);
};

/**
 * Validates a value.
 *
 * @throws SchemaError if it is refused, TypeError if the schema is asynchronous, and what the validator throws.
 */
export function validate<Out>(schema: StandardSchema<Out>, value: unknown): Out {
  const { vendor, validate } = schema['~standard'];
  const result = validate(value);
  if ('then' in result) {
    Promise.resolve(result).catch(() => undefined);
    throw new AsyncSchemaError(vendor);
  }
  if (result.issues) throw new SchemaError(result.issues, value);
  return result.value;
}

/** A schema that cannot serve: not the fault of the value. */
export class AsyncSchemaError extends TypeError {
  constructor(vendor: string) {
    super(
      `the schema (${vendor}) is asynchronous: a codec needs one that answers at once; check what takes time behind it, with concatMap()`,
    );
  }
}

function inWords(issues: readonly SchemaIssue[]): string {
  const shown = issues.slice(0, 3).map(({ message, path = [] }) => {
    const place = path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
    return place === '' ? message : `${place}: ${message}`;
  });
  const more = issues.length - shown.length;
  return `${shown.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}
