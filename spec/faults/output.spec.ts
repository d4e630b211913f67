import { lastValueFrom, toArray } from 'rxjs';
import { createWorker, fromCommand, lines, type Codec, type LineInput } from 'simple-ipc';
import {
  cleanUp,
  first,
  node,
  record,
  sh,
  until,
  use,
  watchWarnings,
} from '../support/programs.js';

/** Lines, and the chunks they were cut from. */
function linesAndChunks(chunks: Buffer[]): Codec<string, LineInput> {
  const codec = lines();
  return {
    ...codec,
    decoder(next, limits) {
      const decoder = codec.decoder(next, limits);
      return {
        write(chunk) {
          chunks.push(Buffer.from(chunk));
          decoder.write(chunk);
        },
        end: () => decoder.end(),
      };
    },
  };
}

describe('the program writes', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  it('17: 200,000 lines, then exit at once: all delivered, then exited', async () => {
    const worker = use(createWorker('seq 200000'));
    const { output, all } = record(worker);
    await until(worker, 'exited');
    expect(output.length).toBe(200_000);
    expect(output.every((line, i) => line === String(i + 1))).toBe(true);
    expect(all.at(-1)).toBe('exited');
  });

  it('17: the same through fromCommand, and with a failure at the end', async () => {
    const output: string[] = [];
    const run$ = fromCommand(sh('seq 200000; exit 7'));
    const end = await new Promise<unknown>((error) => {
      run$.subscribe({ next: (line) => output.push(line), error });
    });
    expect(end).toMatchObject({ exit: { code: 7 } });
    expect(output.length).toBe(200_000);
    expect(output.at(-1)).toBe('200000');
  });

  it.each([1, 2, 3])(
    '28: a 4-byte character cut after %i bytes arrives whole',
    async (cutAfter) => {
      // The rest comes when the beginning was read: it is asked for.
      const script = `
      const [text, cut] = [Buffer.from('a😀b\\n'), 1 + ${cutAfter}];
      process.stdout.write(text.subarray(0, cut), () => console.error('cut'));
      process.stdin.once('data', () => process.stdout.write(text.subarray(cut), process.exit));
    `;
      const chunks: Buffer[] = [];
      const worker = use(createWorker(node(script), { codec: linesAndChunks(chunks) }));
      const { output } = record(worker);
      await first(worker.stderr$);
      worker.send.next('go on');
      await until(worker, 'exited');
      expect(chunks.map((chunk) => chunk.length)).toEqual([1 + cutAfter, 6 - cutAfter]);
      expect(output).toEqual(['a😀b']);
    },
  );

  it.each([
    ['a lone continuation', 'a\\200b', 'a\uFFFDb'],
    ['an unfinished character', 'a\\360\\237\\230', 'a\uFFFD'],
    ['an unfinished character before a line end', 'a\\360\\237\\230\\nb', 'a\uFFFD', 'b'],
    ['an overlong slash', '\\300\\257', '\uFFFD\uFFFD'],
    ['bytes that are never used', 'ü\\377\\376ü', 'ü\uFFFD\uFFFDü'],
  ])(
    '28: invalid UTF-8, %s: U+FFFD where the bytes are wrong',
    async (_what, text, ...expected) => {
      const printed = await lastValueFrom(fromCommand(['printf', text]).pipe(toArray()));
      expect(printed).toEqual(expected);
    },
  );
});
