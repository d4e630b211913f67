import fc from 'fast-check';
import { lastValueFrom } from 'rxjs';
import { FramingError, fromCommand } from 'simple-ipc';
import { LineBreak, lines } from '../../src/framing/lines.js';
import { cases } from '../support/cases.js';
import { expectLinearTime } from '../support/cpuTime.js';

const LF = 10;
const CR = 13;
const MIB = 1024 * 1024;
const CASES = cases(10_000);

const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);

/** Decodes chunks to the end of the output. */
function decode(chunks: readonly Uint8Array[], maxLineBytes = Infinity): string[] {
  const received: string[] = [];
  const decoder = lines().decoder((line) => received.push(line), { maxLineBytes });
  chunks.forEach((chunk) => decoder.write(chunk));
  decoder.end();
  return received;
}

/** Cuts bytes in pieces; places outside of them, and the same place twice, give empty pieces. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const borders = [0, ...[...places].sort((a, b) => a - b), bytes.length];
  return borders.slice(1).map((end, i) => bytes.slice(borders[i], end));
}

/** Cuts bytes in pieces of a size. */
const cutEvery = (bytes: Uint8Array, size: number) =>
  cut(
    bytes,
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => i * size),
  );

/** The rule, in its simplest form: for text … */
function splitText(text: string): string[] {
  const ended = text.split('\n');
  const rest = ended.pop();
  return [...ended.map((line) => line.replace(/\r$/, '')), ...(rest ? [rest] : [])];
}

/** … and for bytes, which need not be text. */
function splitBytes(bytes: Uint8Array): string[] {
  const received: string[] = [];
  let start = 0;
  bytes.forEach((byte, i) => {
    if (byte !== LF) return;
    received.push(textOf(bytes.slice(start, i > start && bytes[i - 1] === CR ? i - 1 : i)));
    start = i + 1;
  });
  return start < bytes.length ? [...received, textOf(bytes.slice(start))] : received;
}

const lineEnds = fc.constantFrom('\n', '\n', '\r\n', '\r', '\u2028', '\u0085', '\uFEFF', '\0');
const characters = fc.string({ unit: 'binary', minLength: 1, maxLength: 1 });
const texts = fc.string({ unit: fc.oneof(lineEnds, characters), maxLength: 40 });

/** Bytes of which most mean something, if rarely something right. */
const pieces = fc.oneof(
  fc.constantFrom([LF], [CR, LF], [CR], [0xef, 0xbb, 0xbf], [0xe2, 0x80, 0xa8], [0xf0, 0x9f, 0x98]),
  fc.uint8Array({ min: 0x80, max: 0xff, maxLength: 4 }),
  fc.uint8Array({ maxLength: 4 }),
);
const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.array(pieces, { maxLength: 16 }).map((parts) => Uint8Array.from(parts.flatMap((p) => [...p]))),
);

/** Bytes in a few chunks of any size, empty ones included. */
const cutAnywhere = (bytes: Uint8Array) =>
  fc.array(fc.nat({ max: bytes.length }), { maxLength: 8 }).map((places) => cut(bytes, places));

/** Bytes in chunks of any size, often in single bytes. */
const chunked = (bytes: fc.Arbitrary<Uint8Array>) =>
  bytes.chain((all) => fc.oneof(cutAnywhere(all), fc.constant(cutEvery(all, 1))));

describe('lines', () => {
  describe('decoder', () => {
    const examples: [name: string, output: string, received: string[]][] = [
      ['ends a line at LF', 'a\nb\n', ['a', 'b']],
      ['drops a CR before LF', 'a\r\nb\r\n', ['a', 'b']],
      ['drops one CR before LF, not two', 'a\r\r\n', ['a\r']],
      ['keeps a CR that is followed by anything else', 'a\rb\r\rc\n', ['a\rb\r\rc']],
      ['keeps a CR at the beginning of a line', '\ra\n', ['\ra']],
      ['keeps a CR after LF', 'a\n\rb\n', ['a', '\rb']],
      ['keeps a CR at the very end, without LF', 'a\nb\r', ['a', 'b\r']],
      ['keeps U+2028 and U+2029', 'a\u2028b\u2029c\n', ['a\u2028b\u2029c']],
      ['keeps U+0085', 'a\u0085b\n', ['a\u0085b']],
      ['keeps vertical tab and form feed', 'a\vb\fc\n', ['a\vb\fc']],
      ['keeps NUL', 'a\0b\n\0\n', ['a\0b', '\0']],
      ['keeps white space', '  a\t \n', ['  a\t ']],
      ['keeps empty lines', '\n\na\n\n', ['', '', 'a', '']],
      ['keeps empty lines that end with CR LF', '\r\n\r\na\r\n\r\n', ['', '', 'a', '']],
      ['delivers an unterminated last line', 'a\nb', ['a', 'b']],
      ['delivers no line after the last LF', 'a\n', ['a']],
      ['delivers nothing when there is no output', '', []],
      ['keeps byte order marks', '\uFEFFa\n\uFEFF\nb\uFEFF', ['\uFEFFa', '\uFEFF', 'b\uFEFF']],
      ['reads characters of one to four bytes', 'aé€😀\n', ['aé€😀']],
    ];

    it.each(examples)('%s', (_, output, received) => {
      expect(decode([bytesOf(output)])).toEqual(received);
    });

    it.each(examples)('%s, in chunks of one byte', (_, output, received) => {
      expect(decode(cutEvery(bytesOf(output), 1))).toEqual(received);
    });

    it('drops a CR whose LF is in the next chunk', () => {
      expect(decode([bytesOf('a\r'), bytesOf('\nb\r'), bytesOf('c\n')])).toEqual(['a', 'b\rc']);
    });

    it('ignores empty chunks', () => {
      expect(decode(['', 'a', '', '\r', '', '\n', ''].map(bytesOf))).toEqual(['a']);
    });

    it('delivers a line as soon as its LF has come', () => {
      const next = jest.fn();
      const decoder = lines().decoder(next, { maxLineBytes: Infinity });
      decoder.write(bytesOf('a\nb'));
      expect(next.mock.calls).toEqual([['a']]);
      decoder.write(bytesOf('\r'));
      expect(next.mock.calls).toEqual([['a']]);
      decoder.write(bytesOf('\n'));
      expect(next.mock.calls).toEqual([['a'], ['b']]);
      decoder.end();
      expect(next.mock.calls).toEqual([['a'], ['b']]);
    });

    it('begins each run afresh', () => {
      const codec = lines();
      const received: string[] = [];
      for (const output of [bytesOf('a\nunfinished €').slice(0, -1), bytesOf('b\n')]) {
        codec.decoder((line) => received.push(line), { maxLineBytes: Infinity }).write(output);
      }
      expect(received).toEqual(['a', 'b']);
    });

    it('joins a character that is cut in any place', () => {
      const all = '\u0080é\u07FF\u0800€\u2028\uFFFD\u{10000}😀\u{10FFFF}';
      for (const character of all) {
        const output = bytesOf(`x${character}y\r\n${character}\n${character}`);
        for (let place = 0; place <= output.length; place++) {
          expect(decode(cut(output, [place]))).toEqual([`x${character}y`, character, character]);
        }
      }
    });

    it('is equal to splitting the text, whatever the text and its chunks', () => {
      fc.assert(
        fc.property(
          texts.chain((text) => fc.tuple(fc.constant(text), chunked(fc.constant(bytesOf(text))))),
          ([text, chunks]) => {
            expect(decode(chunks)).toEqual(splitText(text));
          },
        ),
        { numRuns: CASES },
      );
    });

    it('is equal to splitting the text when lines and chunks are long, too', () => {
      const lengths = fc.oneof(
        fc.constantFrom(0, 1, 1_023, 1_024, 2_047, 2_048, 2_049, 4_096),
        fc.nat({ max: 3_000 }),
        fc.nat({ max: 30 }),
      );
      const parts = fc
        .tuple(fc.constantFrom('x', 'x', '€', '😀'), lengths, lineEnds)
        .map(([character, length, end]) => character.repeat(length) + end);
      fc.assert(
        fc.property(
          fc.array(parts, { maxLength: 12 }).chain((all) => cutAnywhere(bytesOf(all.join('')))),
          (chunks) => {
            expect(decode(chunks)).toEqual(splitText(textOf(Buffer.concat(chunks))));
          },
        ),
        { numRuns: cases(1_000) },
      );
    });

    it('is equal to decoding each line by itself, whatever the bytes and their chunks', () => {
      fc.assert(
        fc.property(chunked(anyBytes), (chunks) => {
          expect(decode(chunks)).toEqual(splitBytes(Buffer.concat(chunks)));
        }),
        { numRuns: CASES },
      );
    });
  });

  describe('decoder, of malformed bytes', () => {
    const examples: [name: string, bytes: number[], shown: string][] = [
      ['a lone continuation byte', [0x80], '\uFFFD'],
      ['a byte that UTF-8 never has', [0xff], '\uFFFD'],
      ['an overlong sequence', [0xc0, 0xaf], '\uFFFD\uFFFD'],
      ['half of a surrogate pair', [0xed, 0xa0, 0x80], '\uFFFD\uFFFD\uFFFD'],
      ['a character past U+10FFFF', [0xf4, 0x90, 0x80, 0x80], '\uFFFD\uFFFD\uFFFD\uFFFD'],
      ['a character of two bytes without its last', [0xc3], '\uFFFD'],
      ['a character of three bytes without its last', [0xe2, 0x82], '\uFFFD'],
      ['a character of four bytes without its last', [0xf0, 0x9f, 0x98], '\uFFFD'],
      ['a character that breaks off for another', [0xf0, 0x9f, 0xc3, 0xa9], '\uFFFDé'],
    ];

    it.each(examples)('shows %s as U+FFFD, and all around it as it is', (_, wrong, shown) => {
      const output = Uint8Array.from([
        ...bytesOf('1 é€😀\n2 é'),
        ...wrong,
        ...bytesOf('€\n3 😀'),
        ...wrong,
        ...bytesOf('\r\n4 é€😀\n5'),
        ...wrong,
      ]);
      const received = ['1 é€😀', `2 é${shown}€`, `3 😀${shown}`, '4 é€😀', `5${shown}`];
      expect(splitBytes(output)).toEqual(received);
      for (let place = 0; place <= output.length; place++) {
        expect(decode(cut(output, [place]))).toEqual(received);
      }
      expect(decode(cutEvery(output, 1))).toEqual(received);
    });
  });

  describe('maxLineBytes', () => {
    /** The values before the decoder throws, and its error. */
    function decodeToLimit(output: string, maxLineBytes: number, chunkBytes = Infinity) {
      const received: string[] = [];
      const decoder = lines().decoder((line) => received.push(line), { maxLineBytes });
      const bytes = bytesOf(output);
      const chunks = chunkBytes === Infinity ? [bytes] : cutEvery(bytes, chunkBytes);
      let error: unknown;
      try {
        chunks.forEach((chunk) => decoder.write(chunk));
        decoder.end();
      } catch (thrown) {
        error = thrown;
      }
      return { received, error };
    }

    const tooLong = new RangeError('a line is longer than maxLineBytes (8)');
    const chunkings: [name: string, chunkBytes: number][] = [
      ['in one chunk', Infinity],
      ['in chunks of one byte', 1],
      ['in chunks of three bytes', 3],
      ['in chunks of eight bytes', 8],
    ];

    describe.each(chunkings)('%s', (_, chunkBytes) => {
      it.each([
        ['12345678\n', ['12345678']],
        ['12345678', ['12345678']],
        ['1234567\r\n', ['1234567']],
        ['1\n12345678\n2\n', ['1', '12345678', '2']],
        ['12345678\n12345678\n12345678', ['12345678', '12345678', '12345678']],
        ['€€12\n', ['€€12']],
        ['\n\n\n\n\n\n\n\n\n\n', Array<string>(10).fill('')],
      ])('delivers lines of up to that length: %j', (output, received) => {
        expect(decodeToLimit(output, 8, chunkBytes)).toEqual({ received, error: undefined });
      });

      it.each([
        ['123456789\n', []],
        ['123456789', []],
        ['12345678\r\n', []],
        ['€€€\n', []],
        ['1\n12345678\n123456789\n2\n', ['1', '12345678']],
        ['1\r\n2\n\n123456789\n', ['1', '2', '']],
        ['1\n2\n123456789', ['1', '2']],
      ])('throws at a line past it, after the lines before: %j', (output, received) => {
        expect(decodeToLimit(output, 8, chunkBytes)).toEqual({ received, error: tooLong });
      });
    });

    it('throws as soon as the limit is passed, not at the end of the line', () => {
      const decoder = lines().decoder(jest.fn(), { maxLineBytes: 8 });
      decoder.write(bytesOf('1234'));
      decoder.write(bytesOf('5678'));
      expect(() => {
        decoder.write(bytesOf('9'));
      }).toThrow(tooLong);
    });

    it('counts each line from its own beginning', () => {
      const received = decode(cutEvery(bytesOf('123\n'.repeat(1_000)), 5), 3);
      expect(received).toEqual(Array<string>(1_000).fill('123'));
    });

    it('may be 0, which leaves empty lines', () => {
      expect(decodeToLimit('\n\n1\n', 0)).toEqual({
        received: ['', ''],
        error: new RangeError('a line is longer than maxLineBytes (0)'),
      });
    });
  });

  it('decodes a long line in linear time', async () => {
    const chunk = Buffer.alloc(256 * 1024, 'x');
    // To join with each chunk what is there already would copy 32 MiB for 4 MiB, and 8 GiB for 64.
    await expectLinearTime(4 * MIB, (size) => {
      let length = 0;
      const decoder = lines().decoder((line) => (length += line.length), {
        maxLineBytes: Infinity,
      });
      for (let written = 0; written < size; written += chunk.length) decoder.write(chunk);
      decoder.write(Uint8Array.of(LF));
      expect(length).toBe(size);
    });
  });

  describe('encode', () => {
    it.each([
      ['a string', 'go depth 12', 'go depth 12\n'],
      ['an empty string', '', '\n'],
      ['any character but LF and CR', 'é€😀\0\u2028\u0085\v', 'é€😀\0\u2028\u0085\v\n'],
      ['a number', 21, '21\n'],
      ['a fraction', -0.5, '-0.5\n'],
      ['NaN', NaN, 'NaN\n'],
      ['a boolean', false, 'false\n'],
      ['a bigint', 2n ** 64n, '18446744073709551616\n'],
    ])('ends %s with LF', (_, value, encoded) => {
      expect(lines().encode(value)).toBe(encoded);
    });

    it.each([
      ['an object', {}, 'object'],
      ['a list', ['a'], 'object'],
      ['bytes', Uint8Array.of(LF), 'object'],
      ['null', null, 'object'],
      ['undefined', undefined, 'undefined'],
      ['a symbol', Symbol('a'), 'symbol'],
      ['a function', () => 'a', 'function'],
    ])('throws a TypeError for %s', (_, value: any, type) => {
      const error = new TypeError(
        `a line must be a string, number, boolean or bigint, not ${type}`,
      );
      expect(() => lines().encode(value)).toThrow(error);
      expect(() => lines({ lineBreaks: 'allow' }).encode(value)).toThrow(error);
      expect(() => lines().encode(value)).toThrow(TypeError);
    });

    it.each(['\n', 'a\nb', 'a\n', '\nb', '\r', 'a\rb', 'a\r', 'a\r\nb'])(
      'throws a LineBreak for %j, unless line breaks are allowed',
      (value) => {
        expect(() => lines().encode(value)).toThrow(LineBreak);
        expect(() => lines({ lineBreaks: 'reject' }).encode(value)).toThrow(LineBreak);
        expect(lines({ lineBreaks: 'allow' }).encode(value)).toBe(`${value}\n`);
      },
    );

    it('shows the beginning of what contains a line break', () => {
      const message = /^"a\\nb" contains a line break$/;
      expect(() => lines().encode('a\nb')).toThrow(message);
      expect(() => lines().encode(`${'x'.repeat(1_000)}\n`)).toThrow(/^"x{80}" contains/);
    });

    it.each([['forbid'], [''], [null], [true], [1], [{}]])(
      'is refused at the call when lineBreaks is %j',
      (lineBreaks: any) => {
        expect(() => lines({ lineBreaks })).toThrow(
          /^lines: lineBreaks must be 'reject' or 'allow', not /,
        );
        expect(() => lines({ lineBreaks })).toThrow(TypeError);
      },
    );

    it.each(['keep', '', null, true])(
      'is refused at the call when unterminated is %j',
      (unterminated: any) => {
        expect(() => lines({ unterminated })).toThrow(TypeError);
        expect(() => lines({ unterminated })).toThrow(
          /^lines: unterminated must be 'deliver', 'drop' or 'error', not /,
        );
      },
    );

    it('is refused at the call when lineBreaks is a symbol', () => {
      const lineBreaks: any = Symbol('allow');
      expect(() => lines({ lineBreaks })).toThrow(TypeError);
    });

    it('is undone by the decoder, over any chunks', () => {
      const values = fc.oneof(
        texts.map((text) => text.replaceAll(/[\r\n]/g, '')),
        fc.double(),
        fc.integer(),
        fc.boolean(),
        fc.bigInt(),
      );
      const codec = lines();
      const sent = fc
        .array(values, { maxLength: 8 })
        .chain((list) =>
          fc.tuple(
            fc.constant(list),
            chunked(fc.constant(bytesOf(list.map((value) => codec.encode(value)).join('')))),
          ),
        );
      fc.assert(
        fc.property(sent, ([list, chunks]) => {
          expect(decode(chunks)).toEqual(list.map(String));
        }),
        { numRuns: CASES },
      );
    });
  });

  describe('a last line without its LF', () => {
    const ended = (output: string, unterminated: 'deliver' | 'drop' | 'error') => {
      const received: string[] = [];
      const codec = lines({ unterminated });
      const decoder = codec.decoder((line) => received.push(line), { maxLineBytes: MIB });
      decoder.write(bytesOf(output));
      return { received, end: () => decoder.end() };
    };

    it('is delivered', () => {
      const { received, end } = ended('a\nb', 'deliver');
      end();
      expect(received).toEqual(['a', 'b']);
    });

    it("is dropped with 'drop'", () => {
      const { received, end } = ended('a\nb', 'drop');
      end();
      expect(received).toEqual(['a']);
    });

    it("is an error with 'error'", () => {
      const { received, end } = ended('a\nb', 'error');
      expect(end).toThrow('the output ended in the middle of a line');
      expect(received).toEqual(['a']);
    });

    it.each(['drop', 'error'] as const)(
      "is not missed with '%s' where every line has one",
      (unterminated) => {
        const { received, end } = ended('a\nb\n', unterminated);
        end();
        expect(received).toEqual(['a', 'b']);
      },
    );

    it("with 'error' fails a program that exits with success, and leaves another its own error", async () => {
      const codec = lines({ unterminated: 'error' });
      const run = (script: string) => lastValueFrom(fromCommand(['sh', '-c', script], { codec }));
      await expect(run('printf "balance 12"')).rejects.toBeInstanceOf(FramingError);
      await expect(run('printf "balance 12"; exit 3')).rejects.toMatchObject({ exit: { code: 3 } });
      await expect(run('printf "balance 12"; kill -9 $$')).rejects.toMatchObject({
        exit: { signal: 'SIGKILL' },
      });
    });
  });
});
