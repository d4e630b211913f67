/** The types that a value can be checked for. */
type Type = 'boolean' | 'function' | 'number' | 'object' | 'string';

/**
 * Checks one value.
 *
 * @param name - how the message calls it.
 * @throws TypeError, RangeError that begins with the name and says what the value must be.
 */
export type Check = (name: string, value: unknown) => void;

export const boolean: Check = (name, value) => ofType(name, value, 'boolean');

export const callable: Check = (name, value) => ofType(name, value, 'function');

/** A list is not one: options in a list are a mistake. */
export const object: Check = (name, value) => {
  ofType(name, value, 'object');
  if (Array.isArray(value)) throw new TypeError(`${name} must be an object, not a list`);
};

/** NUL is not allowed: the system would cut the text there. */
export const text: Check = (name, value) => {
  ofType(name, value, 'string');
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

/** It must be of that type, or absent. @throws TypeError that names it. */
export function checkType(name: string, value: unknown, type: Type): void {
  if (value === undefined || (typeof value === type && value !== null)) return;
  const article = type === 'object' ? 'an' : 'a';
  throw new TypeError(`${name} must be ${article} ${type}, not ${kindOf(value)}`);
}

/** Options must be a plain bag of them. @throws TypeError that names them. */
export function checkOptions(name: string, options: unknown): void {
  checkType(name, options, 'object');
  if (Array.isArray(options)) throw new TypeError(`${name} must be an object, not a list`);
}

/** It must be an object with these methods, or absent. @throws TypeError that names it. */
export function checkMethods(name: string, value: unknown, ...methods: string[]): void {
  checkType(name, value, 'object');
  for (const method of methods) {
    if (value !== undefined && typeof (value as Record<string, unknown>)[method] !== 'function') {
      throw new TypeError(`${name} must be an object with ${methods.join('() and ')}()`);
    }
  }
}

/** Each must be a number from 0 on; Infinity is allowed, and NaN is not. @throws that names it. */
export function checkNonNegative(amounts: Readonly<Record<string, unknown>>): void {
  for (const [name, amount] of Object.entries(amounts)) {
    checkType(name, amount, 'number');
    if (!((amount as number) >= 0)) {
      throw new RangeError(`${name} must be 0 or more, not ${amount as number}`);
    }
  }
}

/** Each must be a number from 1 on; Infinity is allowed. @throws that names it. */
export function checkAtLeastOne(numbers: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(numbers)) {
    checkType(name, value, 'number');
    if (!((value as number) >= 1)) {
      throw new RangeError(`${name} must be 1 or more, not ${value as number}`);
    }
  }
}

/** Each must be an integer from 0 on, or absent. @throws that names it. */
export function checkInteger(numbers: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(numbers)) {
    checkType(name, value, 'number');
    if (value !== undefined && !(Number.isInteger(value) && (value as number) >= 0)) {
      throw new RangeError(`${name} must be an integer from 0 on, not ${value as number}`);
    }
  }
}

/** Each must be text without NUL, or absent. @throws TypeError that names it. */
export function checkText(texts: Readonly<Record<string, unknown>>): void {
  for (const [name, text] of Object.entries(texts)) {
    checkType(name, text, 'string');
    if (String(text).includes('\0')) throw new TypeError(`${name} contains a NUL character`);
  }
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

/** What a value is, for messages. */
export function kindOf(value: unknown): string {
  return value === null ? 'null' : typeof value;
}

/** Not by instanceof: bytes may come from another realm, as under jest. */
function isBytes(value: unknown): boolean {
  return Object.prototype.toString.call(value) === '[object Uint8Array]';
}
