import { lastValueFrom } from 'rxjs';
import { createWorker, FramingError, fromCommand } from 'simple-ipc';
import {
  cleanUp,
  expectSame,
  fixture,
  host,
  numbers,
  record,
  sh,
  until,
  use,
  watchWarnings,
} from './support/programs.js';

/** What a host tells: how much its memory has grown, in megabytes, and what it has found. */
interface Told {
  readonly grownMb: number;
  readonly found: unknown;
}

/** Runs a script, with all of simple-ipc as `ipc`, in a host of its own; `tell` ends it. */
async function measure(script: string): Promise<Told> {
  const { stdout, stderr, end } = await host(`
    import { setFlagsFromString } from 'node:v8';
    import { runInNewContext } from 'node:vm';
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const until = (worker, state) => new Promise((resolve) => {
      worker.status$.subscribe((status) => { if (status.state === state) resolve(status); });
    });
    const rssMb = () => process.memoryUsage().rss / 1e6;
    const atFirst = rssMb();
    let peak = atFirst;
    const sampler = setInterval(() => { peak = Math.max(peak, rssMb()); }, 10);
    const tell = (found, grownMb = peak - atFirst) => {
      clearInterval(sampler);
      console.log(JSON.stringify({ grownMb, found }));
    };
    ${script}
  `);
  expect({ stderr, end }).toEqual({ stderr: '', end: 0 });
  return JSON.parse(stdout) as Told;
}

/** So many lines of so many bytes. */
const linesOf = (count: number, bytes: number) =>
  sh(`yes ${'x'.repeat(bytes - 1)} | head -n ${count}`);

describe('memory', () => {
  it.each([
    [
      '1 GB of output is counted by a subscriber',
      10_000_000,
      100,
      `worker.output$.subscribe(() => count++);
       await until(worker, 'exited');`,
    ],
    [
      '400 MB of output are pulled by a loop',
      100_000,
      4_000,
      `for await (const line of worker) {
         count += line ? 1 : 0;
         await turn();
       }`,
    ],
    [
      '400 MB of output are worked off by consume',
      100_000,
      4_000,
      `ipc.consume(worker, async () => { count++; await turn(); }).subscribe();
       await until(worker, 'exited');
       while (count < 100_000) await turn();`,
    ],
  ])('stays flat while %s', async (_, lines, bytes, consume) => {
    const { grownMb, found } = await measure(`
      const worker = ipc.createWorker(${JSON.stringify(linesOf(lines, bytes))});
      let count = 0;
      ${consume}
      tell(count);
    `);
    expect(found).toBe(lines);
    expect(grownMb).toBeLessThan(100);
  });

  it('stays flat while 1 GB is fed to a slow reader', async () => {
    const { grownMb, found } = await measure(`
      const options = { maxPendingBytes: Infinity };
      const worker = ipc.createWorker(${JSON.stringify(fixture('readSlowly.mjs'))}, options);
      const read = new Promise((resolve) => worker.output$.subscribe(resolve));
      function* lines() {
        for (let i = 0; i < 1_000_000; i++) yield String(i).padEnd(999, '.');
      }
      let fed;
      await ipc.feed(worker, lines()).forEach((progress) => { fed = progress; });
      worker.send.complete();
      tell({ fed, read: await read });
    `);
    expect(found).toEqual({ fed: { values: 1_000_000, bytes: 1e9 }, read: '1000000000' });
    // Node 24 lets 180 MB of garbage gather, of 1 GB as of 3; Node 20 lets 50.
    expect(grownMb).toBeLessThan(300);
  });

  it('stays flat under a flood of 1 GB on stderr, without a subscriber', async () => {
    const flood = sh(`yes ${'x'.repeat(99)} | head -c 1000000000 >&2; echo done`);
    const { grownMb, found } = await measure(`
      const worker = ipc.createWorker(${JSON.stringify(flood)});
      const lines = [];
      worker.output$.subscribe((line) => lines.push(line));
      const { exit } = await until(worker, 'exited');
      tell({ lines, tail: exit.stderrTail.length });
    `);
    expect(found).toEqual({ lines: ['done'], tail: 65_536 });
    expect(grownMb).toBeLessThan(100);
  });

  it('stays flat under a line that never ends', async () => {
    const { grownMb, found } = await measure(`
      const worker = ipc.createWorker(${JSON.stringify(sh("exec tr '\\0' x < /dev/zero"))}, {
        maxLineBytes: 1_000_000,
      });
      const { error } = await until(worker, 'failed');
      tell(error.name);
    `);
    expect(found).toBe('FramingError');
    expect(grownMb).toBeLessThan(100);
  });

  it('holds 5,000 lines that are kept of 5,000,000, not the chunks they came in', async () => {
    const kept = 5_000;
    const { grownMb, found } = await measure(`
      setFlagsFromString('--expose-gc');
      const gc = runInNewContext('gc');
      const heapMb = () => { gc(); return process.memoryUsage().heapUsed / 1e6; };
      const worker = ipc.createWorker(${JSON.stringify(linesOf(5_000_000, 100))});
      const before = heapMb();
      const lines = [];
      let count = 0;
      worker.output$.subscribe((line) => { if (count++ % 1_000 === 0) lines.push(line); });
      await until(worker, 'exited');
      tell([count, lines.length], heapMb() - before);
    `);
    expect(found).toEqual([5_000_000, kept]);
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
      tell(length);
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
