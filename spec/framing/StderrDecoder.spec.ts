import fc from 'fast-check';
import { StderrDecoder } from '../../src/framing/StderrDecoder.js';
import { cases } from '../support/cases.js';
import { bytesOf, chunked, cutEvery, textWith } from '../support/chunks.js';
import { expectLinearTime } from '../support/cpuTime.js';

/** Decodes text that frames nothing, in pieces. */
function decodeInPieces(chunks: readonly (string | Uint8Array)[], maxLength: number) {
  const received: string[] = [];
  const decoder = new StderrDecoder((line) => received.push(line), maxLength);
  for (const chunk of chunks) decoder.write(typeof chunk === 'string' ? bytesOf(chunk) : chunk);
  decoder.end();
  return received;
}

/** The rule for lines within the limit, in its simplest form. */
function splitText(text: string): string[] {
  const ended = text.split('\n');
  const rest = ended.pop();
  return [...ended.map((line) => line.replace(/\r$/, '')), ...(rest ? [rest] : [])];
}

describe('StderrDecoder', () => {
  it('delivers lines within the limit as they are', () => {
    expect(decodeInPieces(['1\r', '\n\n12', '34\n', '123'], 4)).toEqual(['1', '', '1234', '123']);
  });

  it('is equal to splitting the text when no line is past the limit', () => {
    const output = textWith('\n', '\r').chain((text) =>
      fc.tuple(fc.constant(text), chunked(bytesOf(text))),
    );
    fc.assert(
      fc.property(output, ([text, chunks]) => {
        expect(decodeInPieces(chunks, 100)).toEqual(splitText(text));
      }),
      { numRuns: cases(5_000) },
    );
  });

  it('does not wait for the end of a line past the limit', () => {
    const next = jest.fn();
    const decoder = new StderrDecoder(next, 4);
    decoder.write(bytesOf('123'));
    expect(next).not.toHaveBeenCalled();
    decoder.write(bytesOf('456'));
    expect(next.mock.calls).toEqual([['123456']]);
  });

  it('waits with a line of just the limit', () => {
    expect(decodeInPieces(['1234', '\n5678', '9\n'], 4)).toEqual(['1234', '56789']);
  });

  it('goes on with the lines after it', () => {
    const received = decodeInPieces(['1\n23456', '78', '9012', '3\n4\n'], 4);
    expect(received.slice(0, 1)).toEqual(['1']);
    expect(received.slice(1, -1).join('')).toBe('234567890123');
    expect(received.slice(-1)).toEqual(['4']);
  });

  it('adds no empty line where the line ends', () => {
    expect(decodeInPieces(['123', '45\n', '6\n'], 4)).toEqual(['12345', '6']);
    expect(decodeInPieces(['12345', '\n', '6\n'], 4)).toEqual(['12345', '6']);
    expect(decodeInPieces(['12345', '\r\n', '6\n'], 4)).toEqual(['12345', '6']);
  });

  it('keeps an empty line after one that came in pieces', () => {
    expect(decodeInPieces(['12345', '\n\n6\n'], 4)).toEqual(['12345', '', '6']);
  });

  it('cuts no character', () => {
    const output = bytesOf('€'.repeat(100));
    for (const chunkBytes of [1, 2, 4, 5, 7, 100]) {
      expect(decodeInPieces(cutEvery(output, chunkBytes), 10).join('')).toBe('€'.repeat(100));
    }
  });

  it('shows a character that the end cuts as U+FFFD', () => {
    expect(decodeInPieces([bytesOf('a€').slice(0, 3)], 4)).toEqual(['a\uFFFD']);
  });

  it('loses no text, whatever the text, its chunks and the limit', () => {
    const withoutCr = (received: string[]) => received.join('').replaceAll('\r', '');
    const output = textWith('\n', '\r').chain((text) =>
      fc.tuple(fc.constant(text), chunked(bytesOf(text)), fc.nat({ max: 12 })),
    );
    fc.assert(
      fc.property(output, ([text, chunks, limit]) => {
        expect(withoutCr(decodeInPieces(chunks, limit))).toBe(withoutCr(splitText(text)));
      }),
      { numRuns: cases(10_000) },
    );
  });

  it('costs linear time for a line in many chunks', async () => {
    const chunk = bytesOf('x');
    // To look with each chunk through all that waits would be to read 50 MB, and 13 GB of 16 times as many.
    await expectLinearTime(10_000, (count) => {
      const decoder = new StderrDecoder(() => undefined, Infinity);
      for (let i = 0; i < count; i++) decoder.write(chunk);
      decoder.end();
    });
  });
});
