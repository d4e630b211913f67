import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cleanUp, eventually, isAlive } from '../support/programs.js';
import { startHost } from './startHost.js';

const WORKERS = 200;
const FEW = 100;
const MANY = 2_000;

/** The CPU time of the host's main thread, in milliseconds: the load of the machine does not count. */
const CPU_TIME = `
  const { openSync, readSync } = await import('node:fs');
  const file = openSync('/proc/self/schedstat');
  const bytes = Buffer.alloc(64);
  const cpuMs = () => parseInt(bytes.latin1Slice(0, readSync(file, bytes, 0, 64, 0))) / 1e6;
`;

const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux("other people's processes", () => {
  const forests: number[] = [];
  afterEach(cleanUp);
  afterEach(async () => {
    for (const pid of forests) process.kill(-pid, 'SIGKILL');
    await eventually(() => !forests.some(isAlive));
    forests.splice(0);
  });

  /** Starts processes that have nothing to do with the host. */
  async function plant(count: number): Promise<void> {
    const script = `i=0; while [ $i -lt ${count} ]; do sleep 1000 & i=$((i + 1)); done; echo; wait`;
    const forest = spawn('sh', ['-c', script], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    forests.push(forest.pid ?? -1);
    await once(forest.stdout, 'data');
    forest.stdout.destroy();
    forest.unref();
  }

  /** The longest turn of a host while it stops its workers, whose descendants ignore SIGTERM. */
  async function longestTurn() {
    const host = startHost(`${CPU_TIME}
      // Its pipes are closed, so that nothing but the group is left to wait for.
      const script = '(trap "" TERM; exec sleep 1000 > /dev/null 2>&1) & echo up; read line';
      const stop = { terminateMs: 1_000 };
      const workers = Array.from({ length: ${WORKERS} }, () => ipc.createWorker(['sh', '-c', script], { stop }));
      await Promise.all(workers.map(firstLine));
      const startedAt = cpuMs();
      let before = startedAt;
      let longest = 0;
      let isOver = false;
      const measure = () => {
        const now = cpuMs();
        longest = Math.max(longest, now - before);
        before = now;
        if (!isOver) setTimeout(measure);
      };
      measure();
      await Promise.all(workers.map((worker) => worker.stop()));
      isOver = true;
      say('figures', { longest, total: cpuMs() - startedAt });
      await Promise.all(workers.map((worker) => worker[Symbol.asyncDispose]()));
    `);
    const figures = JSON.parse(await host.said('figures')) as { longest: number; total: number };
    expect(await host.end).toEqual({ by: 0, stderr: '' });
    return figures;
  }

  it('37: cost a host no longer turn of its event loop, however many there are', async () => {
    await plant(FEW);
    const beside = await longestTurn();
    await plant(MANY - FEW);
    const among = await longestTurn();
    expect(among.longest).toBeLessThan(2 * beside.longest + 5);
    // A scan reads each process once; the groups share it.
    expect(among.total).toBeLessThan(4 * beside.total);
  }, 300_000);
});
