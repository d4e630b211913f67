/** The types that a value can be checked for. */
type Type = 'boolean' | 'function' | 'number' | 'object' | 'string';

/**
 * Checks one value.
 *
 * @param name - the name of the value in the message.
 * @throws TypeError, RangeError that begins with the name and describes the values that are allowed.
 */
export type Check = (name: string, value: unknown) => void;

export const boolean: Check = (name, value) => ofType(name, value, 'boolean');

export const callable: Check = (name, value) => ofType(name, value, 'function');

/** A list is not one: options in a list are a mistake. */
export const object: Check = (name, value) => {
  ofType(name, value, 'object');
  if (Array.isArray(value)) throw new TypeError(`${name} must be an object, not a list`);
};

export const string: Check = (name, value) => ofType(name, value, 'string');

/** A string. NUL is not allowed: the system would cut the text there. */
export const text: Check = (name, value) => {
  string(name, value);
  if (String(value).includes('\0')) throw new TypeError(`${name} contains a NUL character`);
};

/** Infinity is allowed, NaN is not. */
export const nonNegative = atLeast(0);

/** Infinity is allowed, NaN is not. */
export const atLeastOne = atLeast(1);

/** A negative one is not allowed. */
export const integer: Check = (name, value) => {
  ofType(name, value, 'number');
  if (Number.isInteger(value) && (value as number) >= 0) return;
  throw new RangeError(`${name} must be an integer from 0 on, not ${value as number}`);
};

/** One of these texts. */
export function oneOf(...choices: readonly string[]): Check {
  const list = choices
    .map((choice) => `'${choice}'`)
    .join(', ')
    .replace(/, (?!.*, )/, ' or ');
  return (name, value) => {
    if (choices.some((choice) => choice === value)) return;
    throw new TypeError(`${name} must be ${list}, not ${String(value)}`);
  };
}

/** An object with these methods, or functions of these names. */
export function methods(...names: readonly string[]): Check {
  return (name, value) => {
    ofType(name, value, 'object');
    const functions = value as Readonly<Record<string, unknown>>;
    if (names.every((method) => typeof functions[method] === 'function')) return;
    throw new TypeError(`${name} must be an object with ${names.join('() and ')}()`);
  };
}

/** @param items - what they are, for the message. */
export function listOf(items: string, check: Check): Check {
  return (name, value) => {
    if (!Array.isArray(value)) throw new TypeError(`${name} must be a list of ${items}`);
    for (const [index, item] of value.entries()) check(`${name}[${index}]`, item);
  };
}

function atLeast(least: number): Check {
  return (name, value) => {
    ofType(name, value, 'number');
    if ((value as number) >= least) return;
    throw new RangeError(`${name} must be ${least} or more, not ${value as number}`);
  };
}

function ofType(name: string, value: unknown, type: Type): void {
  if (typeof value === type && value !== null) return;
  const article = type === 'object' ? 'an' : 'a';
  throw new TypeError(`${name} must be ${article} ${type}, not ${kindOf(value)}`);
}

/** It is read a piece at a time: those of text are characters, those of bytes numbers. @throws TypeError that names it. */
export function checkNotText(name: string, source: unknown): void {
  const isText = typeof source === 'string';
  if (!isText && !isBytes(source)) return;
  const [what, piece] = isText ? ['a string', 'character'] : ['bytes', 'number'];
  throw new TypeError(
    `${name} is ${what}, which would be sent one ${piece} a line: put it into a list`,
  );
}

/** The type of a value, for messages. */
export function kindOf(value: unknown): string {
  return value === null ? 'null' : typeof value;
}

/** Not by instanceof: bytes may come from another realm, as under jest. */
function isBytes(value: unknown): boolean {
  return Object.prototype.toString.call(value) === '[object Uint8Array]';
}
