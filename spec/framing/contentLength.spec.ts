import fc from 'fast-check';
import { createWorker, FramingError } from 'simple-ipc';
import { contentLength } from '../../src/framing/contentLength.js';
import { cases } from '../support/cases.js';
import { bytesOf, cut, cutEvery, decode, sent } from '../support/chunks.js';
import { cleanUp, first, node, record, until, use, watchWarnings } from '../support/programs.js';
import { expectLinearTime } from '../support/cpuTime.js';

const json = fc.jsonValue({ maxDepth: 3 });
const viaJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** A message as a program would write it. */
const message = (body: string, ...headers: string[]) =>
  [...headers, `Content-Length: ${String(bytesOf(body).length)}`, '', body].join('\r\n');

describe('contentLength', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  describe('decoder', () => {
    const type = 'Content-Type: application/vscode-jsonrpc; charset=utf-8';
    const examples: [name: string, output: string, received: unknown[]][] = [
      ['reads a message', message('{"id":1}'), [{ id: 1 }]],
      ['reads messages behind each other', message('1') + message('[2]'), [1, [2]]],
      ['counts bytes, not characters', message('"€😀"') + message('1'), ['€😀', 1]],
      ['reads a body with line breaks', message('{\r\n\r\n"a":\n1}\r\n'), [{ a: 1 }]],
      [
        'reads a body that looks like a header',
        message('"Content-Length: 5"'),
        [expect.anything()],
      ],
      ['passes over other headers before', message('1', type, 'X-Other: Content-Length: 9'), [1]],
      ['passes over other headers behind', `Content-Length: 1\r\n${type}\r\n\r\n1`, [1]],
      ['takes the header in any case', 'CONTENT-length: 1\r\n\r\n1', [1]],
      ['takes a header without white space', 'Content-Length:1\r\n\r\n1', [1]],
      ['takes a header with more white space', 'Content-Length:\t 1 \r\n\r\n1', [1]],
      ['takes a length with zeros before', 'Content-Length: 0001\r\n\r\n1', [1]],
      ['delivers nothing when there is no output', '', []],
    ];

    it.each(examples)('%s', (_, output, received) => {
      expect(decode(contentLength(), [output])).toEqual(received);
    });

    it.each(examples)('%s, cut in any place', (_, output, received) => {
      const bytes = bytesOf(output);
      for (let place = 0; place <= bytes.length; place++) {
        expect(decode(contentLength(), cut(bytes, [place]))).toEqual(received);
      }
      expect(decode(contentLength(), cutEvery(bytes, 1))).toEqual(received);
    });

    it('delivers a message as soon as its body is complete', () => {
      const next = jest.fn();
      const decoder = contentLength().decoder(next, { maxLineBytes: Infinity });
      decoder.write(bytesOf('Content-Length: 2\r\n\r\n1'));
      expect(next).not.toHaveBeenCalled();
      decoder.write(bytesOf('2'));
      expect(next.mock.calls).toEqual([[12]]);
    });

    it('begins each run afresh', () => {
      const codec = contentLength();
      const received: unknown[] = [];
      for (const output of ['Content-Length: 50\r\n\r\n{"unfinished"', message('1')]) {
        const decoder = codec.decoder((value) => received.push(value), { maxLineBytes: Infinity });
        decoder.write(bytesOf(output));
      }
      expect(received).toEqual([1]);
    });

    it('costs linear time for a body in many chunks', async () => {
      await expectLinearTime(256 * 1024, (size) => {
        const body = JSON.stringify('x'.repeat(size));
        const [value] = decode(contentLength<string>(), cutEvery(bytesOf(message(body)), 1024));
        expect(value).toHaveLength(size);
      });
    });
  });

  describe('what breaks the protocol', () => {
    const broken: [name: string, output: string, error: RegExp][] = [
      ['a header without a length', 'Content-Type: a\r\n\r\n{}', /no Content-Length.*Type: a/],
      ['an empty header', '\r\n\r\n{}', /no Content-Length/],
      ['a header that only ends like it', 'X-Content-Length: 1\r\n\r\n1', /no Content-Length/],
      ['a length that is no number', 'Content-Length: a\r\n\r\n1', /no Content-Length/],
      ['an empty length', 'Content-Length:\r\n\r\n1', /no Content-Length/],
      ['a negative length', 'Content-Length: -1\r\n\r\n1', /no Content-Length/],
      ['a length with a fraction', 'Content-Length: 1.0\r\n\r\n1', /no Content-Length/],
      ['a length with a unit', 'Content-Length: 1 byte\r\n\r\n1', /no Content-Length/],
      ['a length in another base', 'Content-Length: 0x1\r\n\r\n1', /no Content-Length/],
      ['a line that is no header', 'debug: on\nContent-Type: a\r\n\r\n', /header "debug: on/],
      ['a body that is not JSON', message('{"a":'), /not JSON: "\{\\"a\\":"/],
      ['an empty body', message(''), /not JSON/],
      ['a length that is too small', 'Content-Length: 3\r\n\r\n{"a":1}', /not JSON/],
      ['a huge length', `Content-Length: ${'9'.repeat(30)}\r\n\r\n1`, /longer than maxLineBytes/],
      ['an endless length', `Content-Length: ${'9'.repeat(400)}\r\n\r\n1`, /longer than maxLineB/],
    ];

    it.each(broken)('%s is an error, after the messages before it', (_, output, error) => {
      const received: unknown[] = [];
      const run = () => decode(contentLength(), [message('1') + output], 1_000_000, received);
      expect(run).toThrow(error);
      expect(received).toEqual([1]);
    });

    it.each([
      ['the header', 'Content-Length: 2'],
      ['the end of the header', 'Content-Length: 2\r\n\r'],
      ['the body', 'Content-Length: 2\r\n\r\n1'],
      ['a body of which nothing came', 'Content-Length: 2\r\n\r\n'],
      ['line breaks behind the last body', '\r\n'],
    ])('an end of the output in the middle of %s is an error', (_, output) => {
      const run = () => decode(contentLength(), [message('1') + output]);
      expect(run).toThrow('the output ended in the middle of a message');
    });

    it('a header of more than 8 KiB is an error, whether or not it ends', () => {
      const long = 'X: '.padEnd(8 * 1024, 'x');
      expect(() => decode(contentLength(), [message('1', long)])).toThrow(/header is longer than/);
      expect(() => decode(contentLength(), cutEvery(bytesOf(`${long}xxxxx`), 100))).toThrow(
        /header is longer than/,
      );
    });

    it('a header of 8 KiB is none, whether or not it is cut', () => {
      const length = '\r\nContent-Length: 1';
      const header = `X: ${'x'.repeat(8 * 1024 - 3 - length.length)}${length}`;
      for (const bytes of [1, 1_000, 10_000]) {
        const chunks = cutEvery(bytesOf(`${header}\r\n\r\n1`), bytes);
        expect(decode(contentLength(), chunks)).toEqual([1]);
      }
      const longer = `x${header}`;
      expect(() => decode(contentLength(), cutEvery(bytesOf(`${longer}\r\n\r\n1`), 1))).toThrow(
        /header is longer than/,
      );
    });

    it('shows the beginning of a header without a length, and no more', () => {
      const run = () => decode(contentLength(), [`${'x'.repeat(100)}\r\n\r\n`]);
      expect(run).toThrow(`in the header "${'x'.repeat(80)}"`);
    });

    it('a body longer than maxLineBytes is an error before it comes', () => {
      const decoder = contentLength().decoder(() => undefined, { maxLineBytes: 4 });
      expect(() => decoder.write(bytesOf('Content-Length: 5\r\n\r\n'))).toThrow(
        /a message is longer than maxLineBytes \(4\)/,
      );
      expect(decode(contentLength(), [message('1234')], 4)).toEqual([1234]);
    });

    it('ends the run with a FramingError', async () => {
      const program = node(
        `process.stdout.write('Content-Length: 1\\r\\n\\r\\n1' + 'noise\\r\\n\\r\\n')`,
      );
      const worker = use(createWorker(program, { codec: contentLength(), start: false }));
      const { output } = record(worker);
      worker.start();
      const { error } = await until(worker, 'failed');
      expect(error).toBeInstanceOf(FramingError);
      expect(error.message).toContain('no Content-Length in the header "noise"');
      expect(output).toEqual([1]);
    });
  });

  describe('encode', () => {
    it('puts the length in bytes before the JSON', () => {
      expect(contentLength().encode({ a: '€' })).toBe('Content-Length: 11\r\n\r\n{"a":"€"}');
    });

    it.each([[undefined], [() => 1], [1n]])('rejects %p, which has no JSON', (value) => {
      expect(() => contentLength().encode(value)).toThrow(TypeError);
    });

    it('counts half of a surrogate pair as it is sent', () => {
      const encoded = contentLength().encode('\uD800') as string;
      expect(decode(contentLength(), [encoded])).toEqual(['\uD800']);
    });

    it('is undone by the decoder, over any chunks', () => {
      fc.assert(
        fc.property(sent(contentLength(), json), ([values, chunks]) => {
          expect(decode(contentLength(), chunks)).toEqual(viaJson(values));
        }),
        { numRuns: cases(3_000) },
      );
    });
  });

  it('goes through a program and back', async () => {
    const worker = use(createWorker('cat', { codec: contentLength() }));
    record(worker);
    const echo = first(worker.output$);
    worker.send.next({ text: 'a\n€' });
    expect(await echo).toEqual({ text: 'a\n€' });
  });
});
