import { setTimeout as delay } from 'node:timers/promises';

/** The resident memory after a garbage collection, in KB. */
async function residentKb() {
  for (let turn = 0; turn < 3; turn++) {
    globalThis.gc();
    await delay(50);
  }
  return process.memoryUsage.rss() / 1024;
}

/** Starts many at once; measures how long it takes and what they keep, each. */
async function measureEach(workers, startAll) {
  const before = await residentKb();
  const startedAt = process.hrtime.bigint();
  const started = await startAll();
  const startUs = Number(process.hrtime.bigint() - startedAt) / 1e3 / workers;
  return { started, startUs, residentKb: ((await residentKb()) - before) / workers };
}

export default {
  id: 'B11',
  work: '500 idle workers (cat), each',
  size: { full: { workers: 500 }, quick: { workers: 100 } },
  figures: [
    { key: 'residentKb', name: 'RSS', unit: 'KB', goal: 25 },
    { key: 'startUs', name: 'time to start', goal: 1.15, gross: 4 },
  ],
  nodeFlags: ['--expose-gc'],

  async control({ spawn, closed, spawned }, { workers }) {
    const { started, ...each } = await measureEach(workers, async () => {
      const children = Array.from({ length: workers }, () => {
        const child = spawn('cat');
        child.stdout.on('data', () => undefined);
        return child;
      });
      await Promise.all(children.map(spawned));
      return children;
    });
    for (const child of started) child.stdin.end();
    await Promise.all(started.map(closed));
    return each;
  },

  async ours({ library, running }, { workers }) {
    const { started, ...each } = await measureEach(workers, async () => {
      const all = Array.from({ length: workers }, () => {
        const worker = library.createWorker('cat');
        worker.output$.subscribe(() => undefined);
        return worker;
      });
      await Promise.all(all.map(running));
      return all;
    });
    await Promise.all(started.map((worker) => worker.stop()));
    return each;
  },
};
