import fc from 'fast-check';
import { ByteBuffer } from '../../src/framing/ByteBuffer.js';
import { cases } from '../support/cases.js';
import { bytesOf } from '../support/chunks.js';
import { leastCpuMs } from '../support/cpuTime.js';

const MIB = 1024 * 1024;

function bufferOf(...chunks: string[]): ByteBuffer {
  const buffer = new ByteBuffer();
  for (const chunk of chunks) buffer.append(bytesOf(chunk));
  return buffer;
}

const textIn = (buffer: ByteBuffer) => Buffer.from(buffer.view(0, buffer.length)).toString();

describe('ByteBuffer', () => {
  it('is empty at first', () => {
    const buffer = new ByteBuffer();
    expect(buffer.length).toBe(0);
    expect(textIn(buffer)).toBe('');
    expect(buffer.indexOf(bytesOf('a'))).toBe(-1);
  });

  it('joins what is appended', () => {
    const buffer = bufferOf('ab', '', 'cd');
    expect(buffer.length).toBe(4);
    expect(textIn(buffer)).toBe('abcd');
    expect(Buffer.from(buffer.view(1, 3)).toString()).toBe('bc');
  });

  it('keeps a copy of what is appended', () => {
    const chunk = bytesOf('abc');
    const buffer = new ByteBuffer();
    buffer.append(chunk);
    chunk.fill(0);
    expect(textIn(buffer)).toBe('abc');
  });

  it('drops bytes from the beginning', () => {
    const buffer = bufferOf('abcd');
    buffer.drop(3);
    buffer.append(bytesOf('e'));
    expect(textIn(buffer)).toBe('de');
    buffer.drop(2);
    expect(buffer.length).toBe(0);
  });

  it.each([
    ['abcabc', 'c', 0, 2],
    ['abcabc', 'c', 2, 2],
    ['abcabc', 'c', 3, 5],
    ['abcabc', 'c', -3, 2],
    ['abcabc', 'bc', 0, 1],
    ['abcabc', 'abcabc', 0, 0],
    ['abcabc', 'abcabcx', 0, -1],
    ['abcabc', 'cab', 3, -1],
    ['aab', 'ab', 0, 1],
    ['a--', '---', 0, -1],
  ])('finds in %j the text %j from %d on at %d', (text, wanted, from, at) => {
    expect(bufferOf(text).indexOf(bytesOf(wanted), from)).toBe(at);
  });

  it('finds nothing of what was dropped, before or behind', () => {
    const buffer = bufferOf('one,two,');
    buffer.drop(8);
    buffer.append(bytesOf('o'));
    expect(buffer.indexOf(bytesOf(','))).toBe(-1);
    expect(buffer.indexOf(bytesOf('on'))).toBe(-1);
  });

  it('is equal to text of one byte a character, whatever is done to it', () => {
    const acts = fc.array(
      fc.oneof(
        fc.record({ append: fc.uint8Array({ max: 3, maxLength: 5 }) }),
        fc.record({ append: fc.nat({ max: 3_000 }).map((length) => new Uint8Array(length)) }),
        fc.record({ drop: fc.nat({ max: 3_000 }) }),
        fc.record({ find: fc.uint8Array({ max: 3, minLength: 1, maxLength: 3 }), from: fc.nat(9) }),
      ),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(acts, (all) => {
        const buffer = new ByteBuffer();
        let model = '';
        for (const act of all) {
          if ('append' in act) {
            buffer.append(act.append);
            model += Buffer.from(act.append).toString('latin1');
          } else if ('drop' in act) {
            const count = Math.min(act.drop, model.length);
            buffer.drop(count);
            model = model.slice(count);
          } else {
            const wanted = Buffer.from(act.find).toString('latin1');
            expect(buffer.indexOf(act.find, act.from)).toBe(model.indexOf(wanted, act.from));
          }
          expect(buffer.length).toBe(model.length);
          expect(Buffer.from(buffer.view(0, buffer.length)).toString('latin1')).toBe(model);
        }
      }),
      { numRuns: cases(2_000) },
    );
  });

  it('gives a view of no more than it was given', () => {
    const buffer = bufferOf('ab');
    expect(buffer.view(0, 2)).toHaveLength(2);
    // The end of the buffer is not the end of the memory behind it.
    expect(buffer.view(0, 2).buffer.byteLength).toBeGreaterThan(2);
  });

  it('lets go of much memory when it is empty', () => {
    const buffer = new ByteBuffer();
    buffer.append(new Uint8Array(8 * MIB));
    buffer.drop(8 * MIB);
    expect(buffer.view(0, 0).buffer.byteLength).toBeLessThan(MIB);
    buffer.append(bytesOf('abc'));
    expect(textIn(buffer)).toBe('abc');
  });

  it('takes no more than a few times what waits', () => {
    const buffer = new ByteBuffer();
    for (let i = 0; i < 10_000; i++) {
      buffer.append(new Uint8Array(1_000));
      if (i > 0) buffer.drop(1_000);
    }
    expect(buffer.length).toBe(1_000);
    expect(buffer.view(0, 1).buffer.byteLength).toBeLessThan(16_000);
  });

  it('searches only the bytes that wait, however many have been dropped', async () => {
    const costAfter = (dropped: number) => {
      const buffer = new ByteBuffer();
      buffer.append(new Uint8Array(dropped + 1).fill(1));
      buffer.drop(dropped);
      const wanted = Uint8Array.of(2);
      return leastCpuMs(() => {
        for (let i = 0; i < 10_000; i++) buffer.indexOf(wanted);
      });
    };
    await costAfter(1_024); // warms up
    // Through all of it, each time, would be to read 256 times as much: 2.6 GB.
    expect((await costAfter(256 * 1_024)) / (await costAfter(1_024))).toBeLessThan(10);
  });
});
