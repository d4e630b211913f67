import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createWorker, InputClosedError } from 'simple-ipc';
import {
  cleanUp,
  expectSame,
  first,
  fixture,
  numbers,
  record,
  sh,
  temporaryFolder,
  until,
  use,
  watchWarnings,
} from '../support/programs.js';
import { startHost } from './startHost.js';

/** 10 MB in values of 1,000 bytes, each of which ends with its number. */
const tenMegabytes = numbers(10_000).map((number) => number.padStart(999, '.'));

describe('input that the program does not read', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  it('20: 256 MB sent to a program that never reads: memory bounded, overflow on rejected$', async () => {
    const host = startHost(`
      const worker = ipc.createWorker('sleep 1000', { stop: { endInputMs: 50 } });
      const rejected = {};
      worker.rejected$.subscribe(({ error }) => {
        rejected[error.name] = (rejected[error.name] ?? 0) + 1;
      });
      await until(worker, 'running');
      const before = process.memoryUsage().rss;
      let peak = before;
      for (let i = 0; i < 2_560; i++) {
        worker.send.next(String(i).padEnd(99_999, 'x'));
        if (i % 16 === 0) await turn();
        peak = Math.max(peak, process.memoryUsage().rss);
      }
      say('grown', (peak - before) / 1e6);
      say('overflow', rejected);
      await worker.stop();
      say('all', rejected);
    `);
    expect(Number(await host.said('grown'))).toBeLessThan(200);
    const overflow = JSON.parse(await host.said('overflow')) as Record<string, number>;
    // maxPendingBytes limits what waits; the pipe holds a little more.
    const fits = Math.floor(2 ** 26 / 100_000);
    expect(overflow).toEqual({ InputOverflowError: expect.any(Number) });
    expect(overflow.InputOverflowError).toBeGreaterThanOrEqual(2_560 - fits - 20);
    expect(overflow.InputOverflowError).toBeLessThanOrEqual(2_560 - fits);
    const all = JSON.parse(await host.said('all')) as Record<string, number>;
    expect(all).toEqual({ ...overflow, InputClosedError: expect.any(Number) });
    expect(all.InputClosedError! + all.InputOverflowError!).toBeGreaterThanOrEqual(2_560 - 20);
    expect(await host.end).toEqual({ by: 0, stderr: '' });
  });

  it('21: stop with 10 MB unsent, the program never reads: ladder, the remainder on rejected$', async () => {
    const worker = use(createWorker('sleep 1000', { stop: { endInputMs: 100 } }));
    const { rejected, states } = record(worker);
    await until(worker, 'running');
    for (const value of tenMegabytes) worker.send.next(value);
    await worker.stop();
    expect(states).toEqual(['starting', 'running', 'stopping eof', 'stopping term', 'stopped']);
    // A pipe holds a few hundred kilobytes; all the rest is rejected, in order.
    expect(rejected.length).toBeGreaterThan(9_000);
    expect(rejected.map(({ value }) => value)).toEqual(tenMegabytes.slice(-rejected.length));
    expect(rejected.every(({ error }) => error instanceof InputClosedError)).toBe(true);
  });

  it('21: stop with 10 MB unsent, the program reads late: all, then end-of-file', async () => {
    const file = join(temporaryFolder(), 'received');
    const worker = use(
      createWorker(fixture('readAtSigterm.sh', file), {
        stop: { endInputMs: 100, terminateMs: 30_000 },
      }),
    );
    const { rejected } = record(worker);
    await first(worker.output$, (line) => line === 'ready');
    for (const value of tenMegabytes) worker.send.next(value);
    await worker.stop();
    expect(rejected).toEqual([]);
    expect(readFileSync(file, 'utf8') === `${tenMegabytes.join('\n')}\n`).toBe(true);
  });

  it('21: stop with 10 MB unsent, the program reads slowly: no half value before end-of-file', async () => {
    // If stdin were closed inside a value, the program would print it within the time of the ladder.
    const script = 'echo ready; while read -r line; do :; done; echo "end after $line"';
    const slow = sh(`trap '' TERM; ${script}`);
    const worker = use(createWorker(slow, { stop: { endInputMs: 100, terminateMs: 1_000 } }));
    const { rejected, states, output } = record(worker);
    await first(worker.output$, (line) => line === 'ready');
    for (const value of tenMegabytes) worker.send.next(value);
    await worker.stop();
    expect(states.at(-2)).toBe('stopping kill');
    expect(output).toEqual(['ready']);
    expect(rejected.length).toBeGreaterThan(0);
    const lost = rejected.map(({ value }) => value);
    expectSame(lost, tenMegabytes.slice(-rejected.length));
  });
});
