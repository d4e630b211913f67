import { lastValueFrom } from 'rxjs';
import { createWorker, FramingError, fromCommand } from 'simple-ipc';
import { measure } from './support/measure.js';
import {
  cleanUp,
  expectSame,
  numbers,
  record,
  sh,
  until,
  use,
  watchWarnings,
} from './support/programs.js';

/** So many lines of so many bytes. */
const linesOf = (count: number, bytes: number) =>
  sh(`yes ${'x'.repeat(bytes - 1)} | head -n ${count}`);

describe('memory', () => {
  it.each([
    [
      '256 MB of output are counted by a subscriber',
      2_560_000,
      100,
      `worker.output$.subscribe(() => count++);
       await until(worker, 'exited');`,
    ],
    [
      '256 MB of output are pulled by a loop',
      64_000,
      4_000,
      `for await (const line of worker) {
         count += line ? 1 : 0;
         await turn();
       }`,
    ],
    [
      '256 MB of output are worked off by consume',
      64_000,
      4_000,
      `ipc.consume(worker, async () => { count++; await turn(); }).subscribe();
       await until(worker, 'exited');
       while (count < 64_000) await turn();`,
    ],
  ])('stays flat while %s', async (_, lines, bytes, consume) => {
    const { grownMb, found } = await measure(`
      const worker = ipc.createWorker(${JSON.stringify(linesOf(lines, bytes))});
      let count = 0;
      ${consume}
      report(count);
    `);
    expect(found).toBe(lines);
    expect(grownMb).toBeLessThan(100);
  });

  it('stays flat under a line that never ends', async () => {
    const { grownMb, found } = await measure(`
      const worker = ipc.createWorker(${JSON.stringify(sh("exec tr '\\0' x < /dev/zero"))}, {
        maxLineBytes: 1_000_000,
      });
      const { error } = await until(worker, 'failed');
      report(error.name);
    `);
    expect(found).toBe('FramingError');
    expect(grownMb).toBeLessThan(100);
  });

  it('holds 2,000 lines that are kept of 2,000,000, not the chunks they came in', async () => {
    const kept = 2_000;
    const { grownMb, found } = await measure(`
      setFlagsFromString('--expose-gc');
      const gc = runInNewContext('gc');
      const heapMb = () => { gc(); return process.memoryUsage().heapUsed / 1e6; };
      const worker = ipc.createWorker(${JSON.stringify(linesOf(2_000_000, 100))});
      const before = heapMb();
      const lines = [];
      let count = 0;
      worker.output$.subscribe((line) => { if (count++ % 1_000 === 0) lines.push(line); });
      await until(worker, 'exited');
      report([count, lines.length], heapMb() - before);
    `);
    expect(found).toEqual([2_000_000, kept]);
    // A line may hold a little of what stood around it, but not the 64 KiB that it came in.
    expect(grownMb).toBeLessThan((kept * 5_000) / 1e6);
  });
});

describe('a line that comes a byte at a time', () => {
  it('takes little more memory than it is long', async () => {
    const { grownMb, found } = await measure(`
      let length = 0;
      const decoder = ipc.lines().decoder((line) => (length = line.length), { maxLineBytes: Infinity });
      for (let i = 0; i < 300_000; i++) {
        decoder.write(Buffer.alloc(1, 'x'));
        if (i % 1_000 === 0) await turn();
      }
      decoder.end();
      report(length);
    `);
    expect(found).toBe(300_000);
    expect(grownMb).toBeLessThan(60);
  });
});

describe('maxLineBytes', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  it('lets a line of 40 MB through whole by default', async () => {
    const line = await lastValueFrom(
      fromCommand(['seq', '-s', '', '-f', '%0999.0f', '0', '40099']),
    );
    const expected = numbers(40_100)
      .map((number) => number.padStart(999, '0'))
      .join('');
    expect(line.length).toBeGreaterThan(40_000_000);
    expect(line.length).toBe(expected.length);
    expect(line === expected).toBe(true);
  });

  it.each([10, 100_000, 10_000_000])(
    'lets a line of %i bytes through, and no longer one',
    async (bytes) => {
      const sized = (...sizes: number[]) =>
        sh(sizes.map((size) => `head -c ${size} /dev/zero | tr '\\0' x; echo`).join('; '));
      const options = { maxLineBytes: bytes };
      const worker = use(createWorker(sized(bytes, bytes, bytes + 1, 1), options));
      const { output } = record(worker);
      const { error } = await until(worker, 'failed');
      expect(error).toBeInstanceOf(FramingError);
      expect(output.map((line) => line.length)).toEqual([bytes, bytes]);
    },
  );
});

describe('replay', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  it('keeps the last n lines of many', async () => {
    const worker = use(createWorker('seq 200000', { replay: 1_000 }));
    await until(worker, 'exited');
    const replayed: string[] = [];
    worker.output$.subscribe((line) => replayed.push(line));
    expectSame(replayed, numbers(200_001).slice(-1_000));
  });

  it('takes as long for each line, however many it keeps', async () => {
    const cpuOf = async (replay: number) => {
      const worker = use(createWorker('seq 250000', { replay, start: false }));
      const before = process.cpuUsage();
      worker.start();
      await until(worker, 'exited');
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1_000;
    };
    await cpuOf(1_000); // warms up
    const fewMs = await cpuOf(1_000);
    expect(await cpuOf(200_000)).toBeLessThan(Math.max(10 * fewMs, 1_000));
  });
});
