import { resolve } from 'node:path';
import { cleanUp, eventually, isAlive, watchWarnings } from '../support/programs.js';
import { guardsOf, startHost, type Host } from './startHost.js';

const stubborn = JSON.stringify([
  'sh',
  resolve(__dirname, '../../fixtures/ignoreEofAndSigterm.sh'),
]);

/** Starts a program per line of input, and prints the process ids. */
const STARTS_WHEN_TOLD = `
  process.stdin.on('data', async () => {
    say('pids', await firstLine(ipc.createWorker(${stubborn})));
  });
`;

/** Starts a program in a host; returns its id and those of its descendants. */
async function startIn(host: Host): Promise<number[]> {
  const before = host.lines.length;
  host.tell('start');
  await eventually(() => host.lines.length > before);
  return host.lines.at(-1)!.split(' ').slice(1).map(Number);
}

const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('the guard', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  it('35: is killed: it is back with the whole list, without a message', async () => {
    const host = startHost(STARTS_WHEN_TOLD);
    const early = [...(await startIn(host)), ...(await startIn(host))];
    const [guard] = guardsOf(host.pid);
    process.kill(guard!, 'SIGKILL');
    await eventually(() => guardsOf(host.pid).some((pid) => pid !== guard));
    const late = await startIn(host);
    expect(guardsOf(host.pid)).toHaveLength(1);
    expect([...early, ...late].filter(isAlive)).toHaveLength(9);
    host.kill('SIGKILL');
    expect(await host.end).toEqual({ by: 'SIGKILL', stderr: '' });
    await eventually(() => ![...early, ...late].some(isAlive));
  });

  it('35: is killed now and again: it is back each time', async () => {
    const host = startHost(STARTS_WHEN_TOLD);
    const early = await startIn(host);
    const killed = new Set<number>();
    for (let i = 0; i < 2; i++) {
      await eventually(() => guardsOf(host.pid).some((pid) => !killed.has(pid)));
      for (const pid of guardsOf(host.pid)) {
        process.kill(pid, 'SIGKILL');
        killed.add(pid);
      }
    }
    await eventually(() => guardsOf(host.pid).some((pid) => !killed.has(pid)));
    const late = await startIn(host);
    host.kill('SIGKILL');
    expect(await host.end).toEqual({ by: 'SIGKILL', stderr: '' });
    await eventually(() => ![...early, ...late].some(isAlive));
  });

  it('35: is killed when nothing runs any more: the next program has one', async () => {
    const host = startHost(`
      const worker = ipc.createWorker('cat');
      await until(worker, 'running');
      await worker.stop();
      say('stopped', '');
      ${STARTS_WHEN_TOLD}
    `);
    await host.said('stopped');
    const [guard] = guardsOf(host.pid);
    process.kill(guard!, 'SIGKILL');
    await eventually(() => !isAlive(guard!));
    // The second shows that the host has gone on: it is not in the middle of starting the guard.
    const pids = [...(await startIn(host)), ...(await startIn(host))];
    host.kill('SIGKILL');
    expect(await host.end).toEqual({ by: 'SIGKILL', stderr: '' });
    await eventually(() => !pids.some(isAlive));
  });

  it('35: is killed while the host can open no file: the host lives, and later it is back', async () => {
    const host = startHost(
      `
      import { closeSync, openSync } from 'node:fs';
      say('pids', await firstLine(ipc.createWorker(${stubborn})));
      await told();
      const files = [];
      try {
        for (;;) files.push(openSync('/dev/null'));
      } catch (error) {
        say('full', error.code);
      }
      await told();
      files.forEach((file) => closeSync(file));
      say('free', '');
      await told();
      say('goes on', '');
      `,
      'ulimit -n 64',
    );
    const pids = (await host.said('pids')).split(' ').map(Number);
    const [guard] = guardsOf(host.pid);
    host.tell('fill');
    expect(await host.said('full')).toBe('EMFILE');
    process.kill(guard!, 'SIGKILL');
    await eventually(() => !isAlive(guard!));
    host.tell('free');
    await host.said('free');
    await eventually(() => guardsOf(host.pid).length === 1);
    host.tell('go on');
    await host.said('goes on');
    host.kill('SIGKILL');
    expect(await host.end).toEqual({ by: 'SIGKILL', stderr: '' });
    await eventually(() => !pids.some(isAlive));
  });
});
