import fc from 'fast-check';
import type { Codec } from '../../src/framing/codec.js';

export const bytesOf = (text: string) => new TextEncoder().encode(text);

/** Cuts bytes in pieces; places outside of them, and the same place twice, give empty pieces. */
export function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const borders = [0, ...[...places].sort((a, b) => a - b), bytes.length];
  return borders.slice(1).map((end, i) => bytes.slice(borders[i], end));
}

/** Cuts bytes in pieces of a size. */
export const cutEvery = (bytes: Uint8Array, size: number) =>
  cut(
    bytes,
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => i * size),
  );

/** Bytes in chunks of any size, often in single bytes, empty chunks included. */
export const chunked = (bytes: Uint8Array): fc.Arbitrary<Uint8Array[]> =>
  fc.oneof(
    fc.array(fc.nat({ max: bytes.length }), { maxLength: 8 }).map((places) => cut(bytes, places)),
    fc.constant(cutEvery(bytes, 1)),
  );

/** Decodes chunks to the end of the output. What came before an error stays in `received`. */
export function decode<Out>(
  codec: Codec<Out, never>,
  chunks: readonly (Uint8Array | string)[],
  maxLineBytes = Infinity,
  received: Out[] = [],
): Out[] {
  const decoder = codec.decoder((value) => received.push(value), { maxLineBytes });
  for (const chunk of chunks) decoder.write(typeof chunk === 'string' ? bytesOf(chunk) : chunk);
  decoder.end();
  return received;
}

/** Values as a program would get them, in any chunks. */
export const sent = <Out, In>(codec: Codec<Out, In>, values: fc.Arbitrary<In>) =>
  fc.array(values, { maxLength: 8 }).chain((list) => {
    const encoded = Buffer.concat(list.map((value) => Buffer.from(codec.encode(value) as string)));
    return fc.tuple(fc.constant(list), chunked(Uint8Array.from(encoded)));
  });

/** Text in which whatever is special to a codec is frequent. */
export const textWith = (...special: [string, ...string[]]) =>
  fc.string({
    unit: fc.oneof(
      fc.constantFrom(...special, '€', '😀', '\uFEFF', '\u2028'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    ),
    maxLength: 30,
  });
