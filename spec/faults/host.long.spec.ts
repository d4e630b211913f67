import { resolve } from 'node:path';
import { cleanUp, eventually, isAlive, watchWarnings } from '../support/programs.js';
import { guardsOf, startHost, type Host } from './startHost.js';

const stubborn = JSON.stringify([
  'sh',
  resolve(__dirname, '../../fixtures/ignoreEofAndSigterm.sh'),
]);

/** Starts a program that ignores end-of-file and SIGTERM, and has descendants; prints their ids. */
const WITH_PROGRAM = `
  const worker = ipc.createWorker(${stubborn}, { supervise: ipc.restartOnExit() });
  say('pids', await firstLine(worker));
`;

const pidsIn = (line: string) => line.split(' ').map(Number);

/** Expects the host to die so, and none of these to be left soon after. */
async function expectAllEnded(host: Host, by: number | NodeJS.Signals, pids: readonly number[]) {
  expect(await host.death).toBe(by);
  await eventually(() => !pids.some(isAlive));
}

/** Whether nobody has that id, not even a zombie. */
function isReaped(pid: number): boolean {
  try {
    return !process.kill(pid, 0);
  } catch {
    return true;
  }
}

const onPosix = process.platform === 'win32' ? describe.skip : describe;
const onLinux = process.platform === 'linux' ? it : it.skip;

onPosix('the host', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  const deaths = [
    ['exits', 'process.exit(4)', undefined, 4],
    ['throws', "throw new Error('uncaught')", undefined, 1],
    ['gets a SIGINT', '', 'SIGINT', 'SIGINT'],
    ['gets a SIGTERM', '', 'SIGTERM', 'SIGTERM'],
    ['gets a SIGHUP', '', 'SIGHUP', 'SIGHUP'],
    ['gets a SIGKILL', '', 'SIGKILL', 'SIGKILL'],
    ['aborts', 'process.abort()', undefined, 'SIGABRT'],
  ] as const;

  it.each(deaths)(
    '25: %s: it ends as ever, and no process is left',
    async (_how, act, signal, by) => {
      const host = startHost(`${WITH_PROGRAM} await told(); ${act}`);
      const pids = pidsIn(await host.said('pids'));
      const isLinux = process.platform === 'linux';
      const guards = isLinux ? guardsOf(host.pid) : [];
      expect(guards).toHaveLength(isLinux ? 1 : 0);
      expect(pids).toHaveLength(3);
      expect(pids.filter(isAlive)).toEqual(pids);
      if (signal) host.kill(signal);
      else host.tell('now');
      await expectAllEnded(host, by, [...pids, ...guards]);
    },
  );

  it('25: dies of SIGKILL while its program is stopped by SIGSTOP: it is ended as well', async () => {
    const host = startHost(WITH_PROGRAM);
    const pids = pidsIn(await host.said('pids'));
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    host.kill('SIGKILL');
    await expectAllEnded(host, 'SIGKILL', pids);
  });

  it('25: dies in the same turn in which it starts its program: it is ended', async () => {
    const host = startHost(`
      const worker = ipc.createWorker(${stubborn});
      say('pid', String(worker.status$.value.pid));
      process.kill(process.pid, 'SIGKILL');
    `);
    const pid = Number(await host.said('pid'));
    await expectAllEnded(host, 'SIGKILL', [pid]);
  });

  it('25: dies while it stops its program: it is ended all the same', async () => {
    const host = startHost(`
      ${WITH_PROGRAM}
      void worker.stop();
      await until(worker, 'stopping');
      process.exit(0);
    `);
    const pids = pidsIn(await host.said('pids'));
    await expectAllEnded(host, 0, pids);
  });

  it('25: dies when its program has exited, and its grandchildren have not: they are ended', async () => {
    const host = startHost(`
      // While it waits for what they may still write, it does not end them itself.
      const worker = ipc.createWorker(${stubborn}, { stop: { drainMs: 60_000 } });
      say('pids', await firstLine(worker));
      await told();
      process.kill(process.pid, 'SIGKILL');
    `);
    const [leader, ...others] = pidsIn(await host.said('pids'));
    process.kill(leader!, 'SIGKILL');
    await eventually(() => isReaped(leader!));
    expect(others.filter(isAlive)).toEqual(others);
    host.tell('now');
    await expectAllEnded(host, 'SIGKILL', others);
  });

  onLinux('25: wants no guard: there is none, and its program outlives it', async () => {
    const host = startHost(`
      const worker = ipc.createWorker(['sh', '-c', 'echo $$; exec sleep 1000'], { orphanGuard: false });
      say('pid', await firstLine(worker));
      await told();
      const other = ipc.createWorker('cat');
      await until(other, 'running');
      say('guarded', '');
    `);
    const pid = Number(await host.said('pid'));
    expect(guardsOf(host.pid)).toEqual([]);
    host.tell('go on');
    await host.said('guarded');
    const [guard] = guardsOf(host.pid);
    expect(guard).toBeGreaterThan(0);
    host.kill('SIGKILL');
    await eventually(() => !isAlive(guard!));
    expect(isAlive(pid)).toBe(true);
    process.kill(pid, 'SIGKILL');
  });
});
