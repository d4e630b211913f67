import fc from 'fast-check';
import { createWorker, FramingError, fromCommand } from 'simple-ipc';
import { lastValueFrom, toArray } from 'rxjs';
import type { JsonOptions } from '../../src/framing/json.js';
import { jsonLines } from '../../src/framing/jsonLines.js';
import { cases } from '../support/cases.js';
import { bytesOf, cut, decode, sent } from '../support/chunks.js';
import { cleanUp, first, node, record, until, use, watchWarnings } from '../support/programs.js';

const json = fc.jsonValue({ noUnicodeString: false, maxDepth: 3 });
/** A value after a round trip through JSON, which has no -0. */
const viaJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('jsonLines', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  describe('decoder', () => {
    const examples: [name: string, output: string, received: unknown[]][] = [
      ['reads a value a line', '{"a":1}\n[2]\n', [{ a: 1 }, [2]]],
      ['reads values of any kind', 'null\nfalse\n0\n""\n-1.5e3\n', [null, false, 0, '', -1_500]],
      ['takes CR LF for the end of a line', '1\r\n2\r\n', [1, 2]],
      ['reads an unterminated last line', '1\n2', [1, 2]],
      ['skips blank lines', '\n \t\n1\n\r\n\n2\n\n', [1, 2]],
      ['takes white space around a value', '  {"a" : 1}\t\n', [{ a: 1 }]],
      ['keeps U+2028 in a text', '"a\u2028b"\n', ['a\u2028b']],
      ['reads characters of one to four bytes', '"aé€😀"\n', ['aé€😀']],
      ['delivers nothing when there is no output', '', []],
    ];

    it.each(examples)('%s', (_, output, received) => {
      expect(decode(jsonLines(), [output])).toEqual(received);
    });

    it.each(examples)('%s, cut in any place', (_, output, received) => {
      const bytes = bytesOf(output);
      for (let place = 0; place <= bytes.length; place++) {
        expect(decode(jsonLines(), cut(bytes, [place]))).toEqual(received);
      }
    });

    it('drops an unterminated last line, or refuses it, if it is told to', () => {
      expect(decode(jsonLines({ unterminated: 'drop' }), ['1\n23'])).toEqual([1]);
      const refusing = jsonLines({ unterminated: 'error' });
      expect(() => decode(refusing, ['1\n23'])).toThrow('ended in the middle of a line');
      expect(decode(refusing, ['1\n23\n'])).toEqual([1, 23]);
      const options: any = { unterminated: 'keep' };
      expect(() => jsonLines(options)).toThrow(/^jsonLines: unterminated must be 'deliver'/);
    });

    it('makes no prototype of what is called so', () => {
      const [value] = decode(jsonLines<object>(), ['{"__proto__":{"a":1}}\n']);
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    });
  });

  describe('a line that is not JSON', () => {
    it('is an error with its beginning', () => {
      const received: unknown[] = [];
      const output = ['1\nwarning: "x" is old\n2\n'];
      const run = () => decode(jsonLines(), output, Infinity, received);
      expect(run).toThrow(SyntaxError);
      expect(run).toThrow(String.raw`not JSON: "warning: \"x\" is old"`);
      // The values before it are delivered, those behind it are not.
      expect(received).toEqual([1, 1]);
    });

    it('is shown up to 80 characters', () => {
      const run = () => decode(jsonLines(), [`${'x'.repeat(81)}\n`]);
      expect(run).toThrow(`not JSON: "${'x'.repeat(80)}…"`);
      expect(() => decode(jsonLines(), [`${'x'.repeat(80)}\n`])).toThrow(`"${'x'.repeat(80)}"`);
    });

    it.each(['{"a":1', '{"a":1}{"a":2}', "{'a':1}", 'NaN', '\uFEFF1', 'undefined'])(
      'may be %j',
      (line) => {
        expect(() => decode(jsonLines(), [`${line}\n`])).toThrow(SyntaxError);
      },
    );

    it('goes to onInvalid, with the error, and is skipped', () => {
      const onInvalid = jest.fn();
      const received = decode(jsonLines({ onInvalid }), ['1\nno', 'ise\r\n', '2\n{"a":']);
      expect(received).toEqual([1, 2]);
      expect(onInvalid.mock.calls).toEqual([
        [expect.any(SyntaxError), 'noise'],
        [expect.any(SyntaxError), '{"a":'],
      ]);
    });

    it('is an error if onInvalid throws', () => {
      const onInvalid = () => {
        throw new Error('enough');
      };
      expect(() => decode(jsonLines({ onInvalid }), ['noise\n1\n'])).toThrow('enough');
    });

    it('calls onInvalid for invalid JSON alone, not for an error of a subscriber', () => {
      const onInvalid = jest.fn();
      const next = () => {
        throw new Error('mine');
      };
      const decoder = jsonLines({ onInvalid }).decoder(next, { maxLineBytes: Infinity });
      expect(() => decoder.write(bytesOf('1\n'))).toThrow('mine');
      expect(onInvalid).not.toHaveBeenCalled();
    });

    it('ends the run with a FramingError, after the values before it', async () => {
      const program = node(`console.log('1'); console.log('noise'); console.log('2')`);
      const worker = use(createWorker(program, { codec: jsonLines(), start: false }));
      const { output } = record(worker);
      worker.start();
      const { error } = await until(worker, 'failed');
      expect(error).toBeInstanceOf(FramingError);
      expect(error.message).toContain('not JSON: "noise"');
      expect(error.cause).toBeInstanceOf(SyntaxError);
      // The message of JSON.parse().
      expect((error.cause as Error).cause).toBeInstanceOf(SyntaxError);
      expect(output).toEqual([1]);
    });
  });

  it('fails for a line past maxLineBytes, in whatever chunks', () => {
    for (const chunks of [['"345"\n'], ['"34', '5"\n'], ['"345"']]) {
      expect(() => decode(jsonLines(), chunks, 4)).toThrow(/longer than maxLineBytes \(4\)/);
      expect(decode(jsonLines(), chunks, 5)).toEqual(['345']);
    }
  });

  it('does not take a line past maxLineBytes for an invalid one', () => {
    const onInvalid = jest.fn();
    expect(() => decode(jsonLines({ onInvalid }), ['12345\n'], 4)).toThrow(RangeError);
    expect(onInvalid).not.toHaveBeenCalled();
  });

  describe('encode', () => {
    it('makes one line of a value, whatever is in it', () => {
      expect(jsonLines().encode({ text: 'a\nb\r' })).toBe('{"text":"a\\nb\\r"}\n');
      expect(jsonLines().encode(null)).toBe('null\n');
    });

    it('escapes U+2028 and U+2029, which some readers take for line breaks', () => {
      const value = { 'a\u2028': 'b\u2029c\u2028' };
      const encoded = jsonLines().encode(value) as string;
      expect(encoded).toBe('{"a\\u2028":"b\\u2029c\\u2028"}\n');
      expect(JSON.parse(encoded)).toEqual(value);
    });

    it.each([[undefined], [() => 1], [Symbol('s')], [{ toJSON: () => undefined }]])(
      'rejects %p, which has no JSON',
      (value) => {
        expect(() => jsonLines().encode(value)).toThrow(TypeError);
        expect(() => jsonLines().encode(value)).toThrow(/cannot be sent as JSON/);
      },
    );

    it('rejects what refers to itself, and a bigint', () => {
      const cyclic: Record<string, unknown> = {};
      cyclic.self = cyclic;
      expect(() => jsonLines().encode(cyclic)).toThrow(TypeError);
      expect(() => jsonLines().encode(1n)).toThrow(TypeError);
    });

    it('is undone by the decoder, over any chunks', () => {
      fc.assert(
        fc.property(sent(jsonLines(), json), ([values, chunks]) => {
          expect(decode(jsonLines(), chunks)).toEqual(viaJson(values));
        }),
        { numRuns: cases(3_000) },
      );
    });
  });

  it('goes through a program and back', async () => {
    const worker = use(createWorker('cat', { codec: jsonLines() }));
    const { rejected } = record(worker);
    const echo = first(worker.output$);
    worker.send.next({ 'a\nb': ['€', null] });
    expect(await echo).toEqual({ 'a\nb': ['€', null] });
    worker.send.next(undefined);
    expect(rejected).toEqual([{ value: undefined, error: expect.any(TypeError) }]);
    const values$ = fromCommand('cat', { codec: jsonLines(), input: [1, [2]] }).pipe(toArray());
    expect(await lastValueFrom(values$)).toEqual([1, [2]]);
  });

  it.each([{ onInvalid: 'skip' }, { onInvalid: null }, { onInvalid: true }])(
    'refuses %p at the call',
    (options) => {
      expect(() => jsonLines(options as unknown as JsonOptions)).toThrow(TypeError);
      expect(() => jsonLines(options as unknown as JsonOptions)).toThrow('onInvalid');
    },
  );
});
