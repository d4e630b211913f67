import fc from 'fast-check';
import { Tail } from '../../src/run/Tail.js';
import { cases } from '../support/cases.js';
import { collectGarbage } from '../support/collectGarbage.js';

describe('Tail', () => {
  function tailOf(chunks: readonly (string | Uint8Array)[], maxBytes: number): string {
    const tail = new Tail(maxBytes);
    for (const chunk of chunks) tail.write(Buffer.from(chunk));
    return tail.toString();
  }

  it('is empty at first', () => {
    expect(tailOf([], 4)).toBe('');
  });

  it.each([
    [['123'], '123'],
    [['12', '34'], '1234'],
    [['12345'], '2345'],
    [['123', '456'], '3456'],
    [['1', '2', '3', '4', '5', '6', '7', '8', '9'], '6789'],
    [['123456789', '0'], '7890'],
    [['12', '', '3', ''], '123'],
  ])('is the last four bytes of %j', (chunks, text) => {
    expect(tailOf(chunks, 4)).toBe(text);
  });

  it('shows a character that is cut at its beginning as U+FFFD', () => {
    expect(tailOf(['1€2'], 3)).toBe('\uFFFD\uFFFD2');
    expect(tailOf(['1€2'], 4)).toBe('€2');
  });

  it('can be read in between', () => {
    const tail = new Tail(4);
    tail.write(Buffer.from('123'));
    expect(tail.toString()).toBe('123');
    expect(tail.toString()).toBe('123');
    tail.write(Buffer.from('45'));
    expect(tail.toString()).toBe('2345');
  });

  it('does not change with the chunks it was given', () => {
    const chunk = Buffer.from('12345678');
    const tail = new Tail(4);
    tail.write(chunk);
    expect(tail.toString()).toBe('5678');
    chunk.fill('x');
    expect(tail.toString()).toBe('5678');
  });

  it('is the last bytes of whatever was written, in whatever chunks', () => {
    const chunks = fc.array(fc.uint8Array({ min: 0x20, max: 0x7e, maxLength: 24 }), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(chunks, fc.nat({ max: 40 }), (written, maxBytes) => {
        const all = Buffer.concat(written).toString('latin1');
        expect(tailOf(written, maxBytes)).toBe(maxBytes === 0 ? '' : all.slice(-maxBytes));
      }),
      { numRuns: cases(10_000) },
    );
  });

  it('is the last bytes of very many small chunks', () => {
    const words = Array.from({ length: 10_000 }, (_, i) => `${String(i)} `);
    expect(tailOf(words, 1_000)).toBe(words.join('').slice(-1_000));
  });

  describe('after a collection of garbage', () => {
    const MIB = 1024 * 1024;

    /** How many of the chunks that are written are kept. */
    async function countKept(tail: Tail, chunks: number, chunkBytes: number): Promise<number> {
      const written = Array.from({ length: chunks }, () => {
        const chunk = new Uint8Array(chunkBytes);
        tail.write(chunk);
        return new WeakRef(chunk);
      });
      await collectGarbage();
      return written.filter((chunk) => chunk.deref()).length;
    }

    it('keeps no old chunks', async () => {
      const tail = new Tail(1_000);
      expect(await countKept(tail, 2_000, 1_000)).toBeLessThan(10);
      expect(tail.toString()).toHaveLength(1_000);
    });

    it('keeps no multitude of small chunks', async () => {
      const tail = new Tail(1_000_000);
      expect(await countKept(tail, 5_000, 1)).toBeLessThan(1_000);
      expect(tail.toString()).toHaveLength(5_000);
    });

    it('keeps nothing of a large chunk but its end', async () => {
      await collectGarbage();
      const before = process.memoryUsage().arrayBuffers;
      const tail = new Tail(1_000);
      await countKept(tail, 1, 64 * MIB);
      // Garbage is freed in the background, at the latest before the next collection.
      await collectGarbage();
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * MIB);
      expect(tail.toString()).toHaveLength(1_000);
    });
  });
});
