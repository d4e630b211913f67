import { resolve } from 'node:path';
import { cleanUp, eventually, isAlive, watchWarnings } from '../support/programs.js';
import { startHost } from './startHost.js';

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

const onPosix = process.platform === 'win32' ? describe.skip : describe;

onPosix('the host is left alone', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  it('25: has a handler of its own for SIGTERM, which keeps deciding', async () => {
    const host = startHost(`
      let signals = 0;
      process.on('SIGTERM', () => {
        say('signal', String(++signals));
        if (signals === 2) process.exit(7);
      });
      ${WITH_PROGRAM}
    `);
    const pids = pidsIn(await host.said('pids'));
    host.kill('SIGTERM');
    await host.said('signal 1');
    expect(pids.filter(isAlive)).toEqual(pids);
    host.kill('SIGTERM');
    expect((await host.end).by).toBe(7);
    await eventually(() => !pids.some(isAlive));
  });

  it('25: gets no listener for any signal, exit or error', async () => {
    const host = startHost(`
      const listeners = () => Object.fromEntries(
        process.eventNames().map((name) => [String(name), process.listenerCount(name)]),
      );
      const before = listeners();
      ${WITH_PROGRAM}
      say('same', String(JSON.stringify(before) === JSON.stringify(listeners())));
    `);
    expect(await host.said('same')).toBe('true');
    host.kill('SIGKILL');
    const pids = pidsIn(await host.said('pids'));
    await eventually(() => !pids.some(isAlive));
  });

  it('25: has only workers at rest: it ends by itself', async () => {
    const host = startHost(`
      const never = ipc.createWorker('cat', { start: false });
      const stopped = ipc.createWorker('cat');
      const exited = ipc.createWorker('true');
      const failed = ipc.createWorker('false');
      const impossible = ipc.createWorker('no-such-program');
      const disposed = ipc.createWorker('cat');
      const guarded = ipc.createWorker('cat', { orphanGuard: false });
      await Promise.all([
        until(exited, 'exited'), until(failed, 'failed'), until(impossible, 'failed'), until(guarded, 'running'),
      ]);
      await Promise.all([stopped.stop(), disposed[Symbol.asyncDispose](), guarded.stop()]);
      const all = [never, stopped, exited, failed, impossible, disposed, guarded];
      say('states', all.map(({ status$ }) => status$.value.state));
      // From here on nobody holds the host.
    `);
    const states = ['stopped', 'stopped', 'exited', 'failed', 'failed', 'stopped', 'stopped'];
    expect(JSON.parse(await host.said('states'))).toEqual(states);
    expect(await host.end).toEqual({ by: 0, stderr: '' });
  });

  it('27: dispose in backoff: its event loop ends by itself', async () => {
    const host = startHost(`
      const supervise = ipc.restartOnExit({ delayMs: 600_000, maxDelayMs: 600_000 });
      const worker = ipc.createWorker('false', { supervise });
      say('delay', (await until(worker, 'backoff')).delayMs);
      worker.status$.subscribe({ complete: () => say('completed', '') });
      await worker[Symbol.asyncDispose]();
    `);
    expect(Number(await host.said('delay'))).toBeGreaterThanOrEqual(300_000);
    expect(await host.end).toEqual({ by: 0, stderr: '' });
    expect(host.lines).toContain('completed ');
  });
});
