import type { Codec } from '../framing/codec.js';

/** Decodes the one value that a message holds. @throws TypeError if it holds none, or several. */
export function decodeOne<Out>(codec: Codec<Out, never>, data: Uint8Array): Out {
  const values: Out[] = [];
  const decoder = codec.decoder((value) => values.push(value), { maxLineBytes: Infinity });
  decoder.write(data);
  decoder.end();
  const [value, ...more] = values;
  if (values.length === 0 || more.length > 0) {
    throw new TypeError(`a message holds ${values.length} values, not one`);
  }
  return value as Out;
}
