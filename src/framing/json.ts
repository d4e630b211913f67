/** @throws TypeError if the value has no JSON. */
export function toJson(value: unknown): string {
  const json = JSON.stringify(value) as string | undefined;
  if (json === undefined) throw new TypeError(`${typeof value} cannot be sent as JSON`);
  return json;
}

/** @throws SyntaxError with the beginning of what is not JSON. */
export function fromJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const beginning = JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
    throw new SyntaxError(`not JSON: ${beginning}`, { cause });
  }
}
