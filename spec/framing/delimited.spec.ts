import fc from 'fast-check';
import { delimited } from '../../src/framing/delimited.js';
import { cases } from '../support/cases.js';
import { bytesOf, chunked, cut, decode, sent, textWith } from '../support/chunks.js';
import { expectLinearTime } from '../support/cpuTime.js';

const SEPARATORS = ['\0', '\n\n', '--', '€', '😀', '\r\n.\r\n', 'aab', '\uFEFF'] as const;

describe('delimited', () => {
  describe('decoder', () => {
    const examples: [name: string, separator: string, output: string, received: string[]][] = [
      ['ends a value at the separator', '\0', 'a\0b\0', ['a', 'b']],
      ['keeps line breaks', '\0', 'a\nb\r\n\0', ['a\nb\r\n']],
      ['keeps empty values', '\0', '\0\0a\0\0', ['', '', 'a', '']],
      ['delivers an unterminated last value', '\0', 'a\0b', ['a', 'b']],
      ['delivers no value after the last separator', ';', 'a;', ['a']],
      ['delivers nothing when there is no output', ';', '', []],
      ['takes a separator of several characters', '--', 'a-b--c---d--', ['a-b', 'c', '-d']],
      ['delivers the beginning of a separator at the end', '--', 'a--b-', ['a', 'b-']],
      ['takes a separator of several bytes', '€', 'a€b€', ['a', 'b']],
      ['takes a separator that repeats itself', 'aab', 'aaabaab', ['a', '']],
      ['keeps byte order marks', ';', '\uFEFFa;\uFEFF', ['\uFEFFa', '\uFEFF']],
      ['takes a byte order mark for a separator', '\uFEFF', 'a\uFEFFb', ['a', 'b']],
    ];

    it.each(examples)('%s', (_, separator, output, received) => {
      expect(decode(delimited(separator), [output])).toEqual(received);
    });

    it.each(examples)('%s, cut in any place', (_, separator, output, received) => {
      const bytes = bytesOf(output);
      for (let place = 0; place <= bytes.length; place++) {
        expect(decode(delimited(separator), cut(bytes, [place]))).toEqual(received);
      }
    });

    it('drops an unterminated last value, or refuses it, if it is told to', () => {
      expect(decode(delimited('--', { unterminated: 'drop' }), ['a--b-'])).toEqual(['a']);
      const next = jest.fn();
      const codec = delimited('--', { unterminated: 'error' });
      const decoder = codec.decoder(next, { maxLineBytes: Infinity });
      decoder.write(bytesOf('a--b'));
      expect(() => decoder.end()).toThrow('the output ended in the middle of a value');
      expect(next.mock.calls).toEqual([['a']]);
      expect(decode(codec, ['a--b--'])).toEqual(['a', 'b']);
      const options: any = { unterminated: 'keep' };
      expect(() => delimited('--', options)).toThrow(/^delimited: unterminated must be 'deliver'/);
    });

    it('delivers a value as soon as its separator has come', () => {
      const next = jest.fn();
      const decoder = delimited('--').decoder(next, { maxLineBytes: Infinity });
      decoder.write(bytesOf('a--b-'));
      expect(next.mock.calls).toEqual([['a']]);
      decoder.write(bytesOf('-'));
      expect(next.mock.calls).toEqual([['a'], ['b']]);
      decoder.end();
      expect(next.mock.calls).toEqual([['a'], ['b']]);
    });

    it('takes what is written while a value is delivered', () => {
      const received: string[] = [];
      const decoder = delimited(';').decoder(
        (value) => {
          if (received.push(value) === 1) decoder.write(bytesOf('b;'));
        },
        { maxLineBytes: Infinity },
      );
      decoder.write(bytesOf('a;'));
      expect(received).toEqual(['a', 'b']);
    });

    it('begins each run afresh', () => {
      const codec = delimited(';');
      const received: string[] = [];
      for (const output of ['a;unfinished', 'b;']) {
        const decoder = codec.decoder((value) => received.push(value), { maxLineBytes: Infinity });
        decoder.write(bytesOf(output));
      }
      expect(received).toEqual(['a', 'b']);
    });

    it('shows malformed bytes as U+FFFD', () => {
      expect(decode(delimited(';'), [Uint8Array.of(0xff, 59, 0xe2, 0x82)])).toEqual([
        '\uFFFD',
        '\uFFFD',
      ]);
    });

    it('is equal to splitting the text, whatever the text, its separator and its chunks', () => {
      const output = fc
        .constantFrom(...SEPARATORS)
        .chain((separator) =>
          textWith(separator, ...Array.from(separator)).chain((text) =>
            fc.tuple(fc.constant(separator), fc.constant(text), chunked(bytesOf(text))),
          ),
        );
      fc.assert(
        fc.property(output, ([separator, text, chunks]) => {
          const expected = text.split(separator);
          if (expected.at(-1) === '') expected.pop();
          expect(decode(delimited(separator), chunks)).toEqual(expected);
        }),
        { numRuns: cases(5_000) },
      );
    });

    it('costs linear time for a value in many chunks', async () => {
      const chunk = new Uint8Array(4 * 1024).fill(97);
      await expectLinearTime(64, (count) => {
        const chunks = Array.from({ length: count }, () => chunk);
        const [value] = decode(delimited('\n\n'), [...chunks, '\n\n']);
        expect(value).toHaveLength(count * chunk.length);
      });
    });
  });

  describe('maxLineBytes', () => {
    it.each([
      ['with its separator', ['12345;']],
      ['without it, at the end', ['12345']],
      ['in pieces', ['123', '45;']],
    ])('fails for a longer value %s', (_, chunks) => {
      expect(() => decode(delimited(';'), chunks, 4)).toThrow(RangeError);
      expect(() => decode(delimited(';'), chunks, 4)).toThrow(/longer than maxLineBytes \(4\)/);
      expect(() => decode(delimited(';'), chunks, 5)).not.toThrow();
    });

    it('is in bytes, without the separator', () => {
      expect(decode(delimited('€'), ['€€12€'], 2)).toEqual(['', '', '12']);
      expect(() => decode(delimited(';'), ['€;'], 2)).toThrow(RangeError);
    });

    it('does not wait for the end of a longer value', () => {
      const decoder = delimited('--').decoder(() => undefined, { maxLineBytes: 4 });
      // A separator may still begin in the fifth place, but not in the sixth.
      decoder.write(bytesOf('12345'));
      expect(() => decoder.write(bytesOf('6'))).toThrow(RangeError);
    });

    it('lets a value as long as it wait for a separator that is cut', () => {
      expect(decode(delimited('--'), ['1234', '-', '-'], 4)).toEqual(['1234']);
    });

    it('delivers what came before', () => {
      const received: string[] = [];
      expect(() => decode(delimited(';'), ['a;12345;b;'], 4, received)).toThrow(RangeError);
      expect(received).toEqual(['a']);
    });
  });

  describe('encode', () => {
    it('adds the separator', () => {
      expect(delimited('\0').encode('a\nb')).toBe('a\nb\0');
      expect(delimited('--').encode('')).toBe('--');
    });

    it.each([
      ['\0', 'a\0b'],
      ['--', 'a--'],
      ['--', '----'],
      // Behind these the separator would begin too early.
      ['--', 'a-'],
      ['\n\n', 'a\n'],
      ['aba', 'xab'],
    ])('with the separator %j rejects the value %j', (separator, value) => {
      expect(() => delimited(separator).encode(value)).toThrow(TypeError);
      expect(() => delimited(separator).encode(value)).toThrow(/separator/);
    });

    it.each([1, null, undefined, ['a'], {}])('rejects %p, which is no text', (value) => {
      const encode = () => delimited(';').encode(value as string);
      expect(encode).toThrow(new TypeError(`a value must be a string, not ${typeof value}`));
    });

    it('is undone by the decoder, or rejects the value', () => {
      const all = fc.constantFrom(...SEPARATORS).chain((separator) => {
        const codec = delimited(separator);
        const values = textWith(...(Array.from(separator) as [string])).filter((value) => {
          try {
            return codec.encode(value) !== '';
          } catch {
            return false;
          }
        });
        return fc.tuple(fc.constant(codec), sent(codec, values));
      });
      fc.assert(
        fc.property(all, ([codec, [values, chunks]]) => {
          expect(decode(codec, chunks)).toEqual(values);
        }),
        { numRuns: cases(3_000) },
      );
    });
  });

  it.each([[''], [undefined], [null], [0], [/;/]])('refuses %p as a separator', (separator) => {
    const make = () => delimited(separator as string);
    expect(make).toThrow(new TypeError('separator must be a string of one character or more'));
  });
});
