import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { createWorker, feed, fromCommand } from 'simple-ipc';
import { firstValueFrom, lastValueFrom, toArray } from 'rxjs';
import { bytes } from '../../src/framing/bytes.js';
import { bytesOf, chunked } from '../support/chunks.js';
import { cleanUp, record, sh, use, watchWarnings } from '../support/programs.js';

describe('bytes', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  it('delivers chunks as they come, and nothing at the end', () => {
    fc.assert(
      fc.property(fc.uint8Array().chain(chunked), (chunks) => {
        const received: Uint8Array[] = [];
        const next = (chunk: Uint8Array) => received.push(chunk);
        const decoder = bytes().decoder(next, { maxLineBytes: 1 });
        for (const chunk of chunks) decoder.write(chunk);
        decoder.end();
        expect(received).toEqual(chunks);
      }),
    );
  });

  it('delivers bytes that are no text as they are', async () => {
    const chunks$ = fromCommand(sh(String.raw`printf '\377\000\n\342\202'`), { codec: bytes() });
    const received = Buffer.concat(await lastValueFrom(chunks$.pipe(toArray())));
    expect([...received]).toEqual([0xff, 0, 10, 0xe2, 0x82]);
  });

  it.each([['Uint8Array'], ['Buffer']])('sends the bytes of a %s as they are', (type) => {
    const value = Uint8Array.of(0xff, 0, 10);
    expect(bytes().encode(type === 'Buffer' ? Buffer.from(value) : value)).toEqual(value);
    expect(bytes().encode('a\n')).toBe('a\n');
  });

  it('sends text as UTF-8, and adds nothing', async () => {
    const input = ['a', '€\n', bytesOf('b'), Uint8Array.of(0xff)];
    const chunks$ = fromCommand('cat', { codec: bytes(), input });
    const received = Buffer.concat(await lastValueFrom(chunks$.pipe(toArray())));
    expect(received).toEqual(Buffer.from([...bytesOf('a€\nb'), 0xff]));
  });

  describe.each<[string, (chunks: Iterable<Uint8Array>) => Promise<string>]>([
    [
      'feed()',
      async (chunks) => {
        const worker = use(createWorker('sha256sum', { codec: bytes() }));
        const sum = firstValueFrom(worker.output$);
        await lastValueFrom(feed(worker, chunks));
        worker.send.complete();
        return Buffer.from(await sum).toString();
      },
    ],
    [
      'input',
      async (input) => {
        const sum$ = fromCommand('sha256sum', { codec: bytes(), input });
        return Buffer.from(await lastValueFrom(sum$)).toString();
      },
    ],
  ])('of a buffer that is used again, by %s', (_, sumOf) => {
    /** One buffer, filled anew for each chunk. */
    function* reused(chunkBytes: number): Generator<Uint8Array> {
      const buffer = Buffer.alloc(chunkBytes);
      for (let i = 0; i < 64; i++) yield buffer.fill(i);
    }

    it.each([1, 16, 64])('sends each chunk of %i KiB as it was', async (kib) => {
      const hash = createHash('sha256');
      for (const chunk of reused(kib * 1024)) hash.update(chunk);
      expect(await sumOf(reused(kib * 1024))).toBe(`${hash.digest('hex')}  -\n`);
    });
  });

  it.each([[1], [null], [undefined], [['a']], [new ArrayBuffer(1)]])('rejects %p', (value) => {
    expect(() => bytes().encode(value as unknown as string)).toThrow(TypeError);
    expect(() => bytes().encode(value as unknown as string)).toThrow(/Uint8Array or a string/);
  });

  it('shows what cannot be sent on rejected$', () => {
    const worker = use(createWorker('cat', { codec: bytes() }));
    const { rejected } = record(worker);
    worker.send.next(7 as unknown as string);
    expect(rejected).toEqual([{ value: 7, error: expect.any(TypeError) }]);
  });
});
