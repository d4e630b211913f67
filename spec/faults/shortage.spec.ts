import { spawnSync } from 'node:child_process';
import { cleanUp, eventually, isAlive, watchWarnings } from '../support/programs.js';
import { guardsOf, startHost } from './startHost.js';

/** Opens files until the system gives no more, then frees some. */
const FILES = `
  import { closeSync, openSync, readdirSync } from 'node:fs';
  const files = [];
  const fill = (free = 0) => {
    try {
      for (;;) files.push(openSync('/dev/null'));
    } catch (error) {
      if (error.code !== 'EMFILE') throw error;
    }
    files.splice(0, free).forEach((file) => closeSync(file));
  };
  const empty = () => files.splice(0).forEach((file) => closeSync(file));
  // Both are there before the count: the first program, and the guard.
  const first = ipc.createWorker('cat');
  await until(first, 'running');
  await first.stop();
`;

const onPosix = process.platform === 'win32' ? describe.skip : describe;
const onLinux = process.platform === 'linux' ? it : it.skip;
const hasPrlimit = spawnSync('prlimit', ['--version']).status === 0;
// Where it must be, it is not skipped: it fails.
const withPrlimit = hasPrlimit || process.env.CI ? onLinux : it.skip;

onPosix('the system is short', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  it('5: of files (EMFILE): backoff, and when there are some again, the program runs', async () => {
    const host = startHost(
      `${FILES}
      fill();
      const worker = ipc.createWorker('cat', { supervise: ipc.restartOnExit({ delayMs: 50, jitter: false }) });
      const states = [];
      worker.status$.subscribe(({ state, attempt }) => {
        states.push(state);
        if (attempt === 2) empty();
      });
      const { exit } = await until(worker, 'backoff');
      say('exit', exit);
      await until(worker, 'running');
      worker.send.next('hello');
      say('line', await firstLine(worker));
      say('states', states);
      await worker.stop();
      `,
      'ulimit -n 64',
    );
    expect(JSON.parse(await host.said('exit'))).toMatchObject({
      reason: 'spawn-error',
      code: null,
    });
    expect(await host.said('line')).toBe('hello');
    const refused = ['starting', 'exited', 'backoff'];
    const states = [...refused, ...refused, 'starting', 'running'];
    expect(JSON.parse(await host.said('states'))).toEqual(states);
    expect(await host.end).toEqual({ by: 0, stderr: '' });
  });

  it('5: of files, for good: RestartLimitError, caused by a SpawnError with that reason', async () => {
    const host = startHost(
      `${FILES}
      fill();
      const worker = ipc.createWorker('cat', { supervise: ipc.restartOnExit({ delayMs: 1 }) });
      const { error, exits } = await until(worker, 'failed');
      say('error', [error.name, exits.length, error.cause.code, error.cause.message]);
      `,
      'ulimit -n 64',
    );
    expect(JSON.parse(await host.said('error'))).toEqual([
      'RestartLimitError',
      6,
      'EMFILE',
      '"cat" could not be started: too many files are open (EMFILE)',
    ]);
    expect(await host.end).toEqual({ by: 0, stderr: '' });
  });

  onLinux('5: of files, but for a few: no attempt keeps one of them', async () => {
    const host = startHost(
      `${FILES}
      const supervise = ipc.restartOnExit({ delayMs: 1, maxRestarts: 2 });
      const count = () => readdirSync('/proc/self/fd').length;
      const before = count();
      const kept = [];
      // With 6 or 7, Node itself keeps the three sockets of a program that it could not fork.
      for (let free = 0; free < 6; free++) {
        fill(free);
        await until(ipc.createWorker('cat', { supervise }), 'failed');
        empty();
        kept.push(count() - before);
      }
      say('kept', kept);
      `,
      'ulimit -n 64',
    );
    expect(JSON.parse(await host.said('kept'))).toEqual([0, 0, 0, 0, 0, 0]);
    expect(await host.end).toEqual({ by: 0, stderr: '' });
  });

  onLinux(
    '5: of files, just enough for the program are free: it is guarded when there are more',
    async () => {
      const host = startHost(
        `${FILES.replace(/const first[^]*/, '')}
        // Of all programs it needs the fewest files.
        const attempt = (free) => new Promise((resolve) => {
          fill(free);
          ipc.lifeOf('sleep 1000', { stderr: 'inherit' }).subscribe({
            next: ({ state, pid }) => state === 'running' && resolve(pid),
            error: ({ name }) => (empty(), resolve(name)),
          });
        });
        const ends = [];
        do ends.push(await attempt(ends.length)); while (ends.at(-1) === 'SpawnError');
        say('ends', ends);
        await told();
        empty();
        `,
        'ulimit -n 64',
      );
      const ends = JSON.parse(await host.said('ends')) as (number | string)[];
      const pid = Number(ends.pop());
      expect(isAlive(pid)).toBe(true);
      expect(ends).toEqual(Array(ends.length).fill('SpawnError'));
      expect(guardsOf(host.pid)).toEqual([]);
      host.tell('free them');
      await eventually(() => guardsOf(host.pid).length === 1);
      host.kill('SIGKILL');
      await eventually(() => !isAlive(pid));
    },
  );

  withPrlimit('5: of processes (EAGAIN): backoff, and later the program runs', async () => {
    expect(hasPrlimit).toBe(true);
    // No limit holds for root. It does for whom root starts a program for, once he has another.
    const nobody = process.getuid?.() === 0 ? '{ uid: 65534 }' : '{}';
    const host = startHost(`
      const other = ipc.createWorker('cat', ${nobody});
      await until(other, 'running');
      say('ready', '');
      await told();
      const supervise = ipc.restartOnExit({ delayMs: 50, factor: 1, maxRestarts: Infinity });
      const worker = ipc.createWorker('cat', { supervise, ...${nobody} });
      const { exit } = await until(worker, 'backoff');
      say('reason', exit.reason);
      await until(worker, 'running');
      worker.send.next('hello');
      say('line', await firstLine(worker));
      await Promise.all([worker.stop(), other.stop()]);
    `);
    const prlimit = (...options: string[]) =>
      spawnSync('prlimit', ['--pid', String(host.pid), ...options], { encoding: 'utf8' });
    const allow = (processes: string) => prlimit(`--nproc=${processes}:`).status;
    await host.said('ready');
    const most = prlimit('--nproc', '--output=HARD', '--noheadings', '--raw').stdout.trim();
    expect(allow('0')).toBe(0);
    host.tell('go on');
    expect(await host.said('reason')).toBe('spawn-error');
    expect(allow(most)).toBe(0);
    expect(await host.said('line')).toBe('hello');
    expect(await host.end).toEqual({ by: 0, stderr: '' });
  });
});
