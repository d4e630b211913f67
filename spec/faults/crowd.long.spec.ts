import { cleanUp, watchWarnings } from '../support/programs.js';
import { startHost } from './startHost.js';

const CROWD = 250;

describe('many workers', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  it('26: 250 crash at once: restarts are spread, no warning, nothing left', async () => {
    const host = startHost(`
      process.on('warning', ({ name }) => say('warning', name));
      const crash = ['sh', '-c', 'read line && kill -9 $$'];
      const supervise = ipc.restartOnExit({ delayMs: 2_000 });
      const workers = Array.from({ length: ${CROWD} }, () => ipc.createWorker(crash, { supervise }));
      const delays = [];
      const early = [];
      for (const worker of workers) {
        let due = 0;
        worker.status$.subscribe((status) => {
          const now = performance.now();
          if (status.state === 'backoff') {
            delays.push(status.delayMs);
            due = now + status.delayMs;
          }
          if (status.state === 'starting' && status.generation === 2) early.push(due - now);
        });
      }
      await Promise.all(workers.map((worker) => until(worker, 'running')));
      for (const worker of workers) worker.send.next('crash');
      await Promise.all(workers.map((worker) => until(worker, 'running', 2)));
      say('delays', delays);
      say('early', String(Math.max(...early)));
      await Promise.all(workers.map((worker) => worker[Symbol.asyncDispose]()));
      say('states', [...new Set(workers.map(({ status$ }) => status$.value.state))]);
    `);
    const delays = JSON.parse(await host.said('delays')) as number[];
    expect(delays).toHaveLength(CROWD);
    // From half to whole, and evenly: no quarter of that time has half its share, or twice.
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(1_000);
    expect(Math.max(...delays)).toBeLessThanOrEqual(2_000);
    for (let quarter = 0; quarter < 4; quarter++) {
      const from = 1_000 + 250 * quarter;
      const due = delays.filter((delay) => delay >= from && delay < from + 250);
      expect(due.length).toBeGreaterThan(CROWD / 8);
      expect(due.length).toBeLessThan(CROWD / 2);
    }
    // None came before its time, but for what a timer may be early.
    expect(Number(await host.said('early'))).toBeLessThan(3);
    expect(JSON.parse(await host.said('states'))).toEqual(['stopped']);
    expect(await host.end).toEqual({ by: 0, stderr: '' });
    expect(host.lines.filter((line) => line.startsWith('warning'))).toEqual([]);
  });
});
