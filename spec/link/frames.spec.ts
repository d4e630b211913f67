import fc from 'fast-check';
import type { Batch } from '../../src/link/Batch.js';
import type { Arrived } from '../../src/link/Line.js';
import { Batcher } from '../../src/link/Batcher.js';
import { decodeFrame } from '../../src/link/decodeFrame.js';
import { encodeFrame, joined } from '../../src/link/encodeFrame.js';

/** The values of one turn, as a client or host batches them. */
function batchesOf(values: readonly unknown[]): Batch[] {
  const batches: Batch[] = [];
  const batcher = new Batcher((batch) => batches.push(batch), 128 * 1024);
  for (const value of values) batcher.add('out', value);
  batcher.flush();
  return batches;
}

function overSocket(batch: Batch, isBuffer = false): Arrived {
  const data = joined(encodeFrame(['d', 3, 2, batch]));
  if (typeof data === 'string') return decodeFrame(data);
  return decodeFrame(isBuffer ? Buffer.from(data) : data.buffer);
}

const roundTrip = (values: readonly unknown[], isBuffer = false): unknown[] =>
  batchesOf(values).flatMap((batch) => {
    const [kind, at, consumed, topic, arrived] = overSocket(batch, isBuffer);
    expect([kind, at, consumed, topic]).toEqual(['d', 3, 2, 'out']);
    return arrived;
  });

const awkward = fc.constantFrom(
  ...[
    '',
    '\n',
    '\r',
    'a\nb',
    '\r\n',
    '\u2028',
    '\0',
    '\ud800',
    'x\udfffy',
    '\ufeff',
    '"',
    '\\',
    '😀',
  ],
);

describe('a frame over a socket', () => {
  it('carries text exactly, whatever is in it', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), awkward);
    fc.assert(
      fc.property(fc.array(text, { maxLength: 8 }), fc.boolean(), (lines, isBuffer) => {
        expect(roundTrip(lines, isBuffer)).toEqual(lines);
      }),
    );
  });

  it('carries long lines and many lines, cut at blocks', () => {
    const line = fc.string({ unit: 'grapheme', maxLength: 3_000, size: 'max' });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 20 }), (lines) => {
        expect(roundTrip(lines)).toEqual(lines);
      }),
      { numRuns: 30 },
    );
    const many = Array.from({ length: 20_000 }, (_, i) => String(i));
    expect(roundTrip(many)).toEqual(many);
  });

  it('carries bytes exactly, and an empty piece', () => {
    const piece = fc.uint8Array({ maxLength: 50 });
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 5 }), fc.boolean(), (pieces, isBuffer) => {
        expect(roundTrip(pieces, isBuffer).map((got) => [...(got as Uint8Array)])).toEqual(
          pieces.map((sent) => [...sent]),
        );
      }),
    );
  });

  it('carries JSON values, and mixes of all kinds in their order', () => {
    const value = fc.oneof(fc.jsonValue({ noUnicodeString: false }), fc.string(), awkward);
    fc.assert(
      fc.property(fc.array(value, { maxLength: 8 }), (values) => {
        expect(JSON.stringify(roundTrip(values))).toBe(JSON.stringify(values));
      }),
    );
  });

  it('carries what has no JSON as null', () => {
    expect(roundTrip([undefined, () => 1, NaN])).toEqual([null, null, null]);
  });

  it('encodes a batch once for any number of sessions', () => {
    const [batch] = batchesOf(['a', 'b']);
    const bodies = [0, 1].map((at) => encodeFrame(['d', at, 0, batch!])[1]);
    expect(bodies[0]).toBe(bodies[1]);
  });

  it('keeps no more of a frame alive than a line needs', () => {
    const [frame] = [roundTrip([new Uint8Array([1]), new Uint8Array(60_000)])];
    expect((frame[0] as Uint8Array).buffer.byteLength).toBe(1);
  });

  const binary = (text: string) => new TextEncoder().encode(text);

  it.each([
    ['no JSON', 'x'],
    ['nothing', ''],
    ['an object', '{}'],
    ['null', 'null'],
    ['a number', '1'],
    ['text', '"d"'],
    ['bytes without a head', new Uint8Array([1, 2, 3])],
    ['no bytes', new Uint8Array(0)],
    ['a head that is no list', binary('{}\na')],
    ['a head without a shape', binary('["d",0,0,"send"]\na')],
    ['fewer lines than it says', binary('["d",0,0,"send",3]\na\nb')],
    ['more lines than it says', binary('["d",0,0,"send",1]\na\nb')],
    ['a billion lines that are not there', binary('["d",0,0,"send",1e9]\n')],
    ['a shape that is an object', binary('["d",0,0,"send",{}]\na')],
    ['a shape that is text', binary('["d",0,0,"send","1"]\na')],
    ['a piece of negative length', binary('["d",0,0,"send",[2,-1]]\na')],
    ['a piece longer than the frame', binary('["d",0,0,"send",[9]]\na')],
    ['a piece of half a byte', binary('["d",0,0,"send",[0.5]]\na')],
    ['bytes that no piece has', binary('["d",0,0,"send",[1]]\nab')],
    ['a length that is text', binary('["d",0,0,"send",["1"]]\na')],
  ])('%s is refused', (_, data) => {
    expect(() => decodeFrame(data)).toThrow();
  });

  it('is a list or is refused, whatever bytes arrive', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.string(), fc.json()), (data) => {
        let frame;
        try {
          frame = decodeFrame(data);
        } catch {
          return;
        }
        expect(Array.isArray(frame)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('Batcher', () => {
  it('makes one batch of what one turn adds', async () => {
    const batches: Batch[] = [];
    const batcher = new Batcher((batch) => batches.push(batch), 1_000);
    batcher.add('out', 'a');
    batcher.add('out', 'b');
    expect(batches).toEqual([]);
    await Promise.resolve();
    expect(batches).toEqual([{ topic: 'out', values: ['a', 'b'], bytes: 42, texts: undefined }]);
  });

  it('begins another where the topic or the kind of value changes, and where one is full', () => {
    const batches: Batch[] = [];
    const batcher = new Batcher((batch) => batches.push(batch), 100);
    batcher.add('out', 'a');
    batcher.add('err', 'b');
    batcher.add('err', 1);
    batcher.add('err', new Uint8Array(1));
    batcher.add('err', 'x'.repeat(96));
    batcher.add('err', 'y');
    batcher.flush();
    expect(batches.map(({ values }) => values.length)).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it('adds nothing of a value that has no JSON', () => {
    const batches: Batch[] = [];
    const batcher = new Batcher((batch) => batches.push(batch), 100);
    const circular: unknown[] = [];
    circular.push(circular);
    expect(() => batcher.add('out', circular)).toThrow(TypeError);
    batcher.add('out', 'a');
    batcher.flush();
    expect(batches.map(({ values }) => values)).toEqual([['a']]);
  });
});
