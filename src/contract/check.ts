/** The types that a name can be checked for. */
type Type = 'boolean' | 'function' | 'number' | 'object' | 'string';

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
    `${name} is ${what}, which would be sent one ${piece} a line: pass [${name}]`,
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
