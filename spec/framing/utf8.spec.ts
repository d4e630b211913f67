import fc from 'fast-check';
import type * as module from '../../src/framing/utf8.js';

type Utf8 = typeof module;

const textOf = (bytes: Uint8Array) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);

/** Loads the module as it is where `process` is this. */
function load(replacement: object | undefined): Utf8 {
  const { process } = globalThis;
  let loaded: Utf8 | undefined;
  Object.assign(globalThis, { process: replacement });
  try {
    jest.isolateModules(() => (loaded = jest.requireActual<Utf8>('../../src/framing/utf8.js')));
  } finally {
    Object.assign(globalThis, { process });
  }
  return loaded!;
}

const ascii = fc.uint8Array({ max: 0x7f, maxLength: 80 });
const anything = fc
  .oneof(ascii, fc.uint8Array({ maxLength: 80 }))
  .chain((bytes) => fc.constantFrom(bytes, Buffer.from(bytes)));

describe.each([
  ['in Node', globalThis.process],
  ['in a browser', undefined],
  ['where process is a shim', { env: {} }],
])('utf8Blocks, %s,', (_, host) => {
  const { utf8Blocks, decodeUtf8 } = load(host);

  it('decodes each block as a TextDecoder would', () => {
    fc.assert(
      fc.property(anything, fc.nat(80), fc.nat(80), (bytes, one, other) => {
        const [start, end] = [Math.min(one, other), Math.min(Math.max(one, other), bytes.length)];
        const within = Math.min(start, end);
        expect(utf8Blocks(bytes).decode(within, end)).toBe(textOf(bytes.subarray(within, end)));
      }),
    );
  });

  it('decodes the whole as a TextDecoder would', () => {
    fc.assert(fc.property(anything, (bytes) => expect(decodeUtf8(bytes)).toBe(textOf(bytes))));
  });

  it('decodes part of a larger buffer', () => {
    const bytes = new TextEncoder().encode('before, within, behind').subarray(8, 14);
    expect(decodeUtf8(bytes)).toBe('within');
    expect(utf8Blocks(bytes).decode(1, 3)).toBe('it');
  });
});

describe('utf8Blocks', () => {
  it('has twice as many characters in a block of ASCII, which take half the room', () => {
    const { utf8Blocks } = load(globalThis.process);
    expect(utf8Blocks(new Uint8Array(3)).blockBytes).toBe(4096);
    expect(utf8Blocks(Uint8Array.of(0x7f, 0x80)).blockBytes).toBe(2048);
  });
});
