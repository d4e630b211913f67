import { readFileSync } from 'node:fs';
import { createWorker, restartOnExit } from 'simple-ipc';
import { fakeWorker } from '../support/fakeWorker.js';
import {
  cleanUp,
  eventually,
  first,
  fixture,
  isAlive,
  record,
  sh,
  until,
  use,
  watchWarnings,
} from '../support/programs.js';

const HOUR_MS = 3_600_000;
const stop = { endInputMs: 100, terminateMs: 200, killMs: 1_000 };
// A timer that outlives its worker shows as left behind.
const longDelay = { delayMs: 600_000, maxDelayMs: 600_000 };

describe('the program is stopped', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  it('11: stop() while starting: no later spawn', async () => {
    const worker = use(createWorker('cat', { supervise: restartOnExit({ when: 'always' }) }));
    const { states } = record(worker);
    await worker.stop();
    expect(states).toEqual(['starting', 'stopping eof', 'stopped']);
    expect(worker.status$.value).toMatchObject({ exit: { generation: 1, reason: 'stopped' } });
  });

  it.each([
    ['what does not exist', 'no-such-program'],
    ['what is too long', ['echo', 'x'.repeat(256 * 1024)]],
  ])('11: stop() while starting %s: stopped, and no process is named', async (_what, command) => {
    const worker = use(createWorker(command, { supervise: restartOnExit({ when: 'always' }) }));
    const { states } = record(worker);
    await worker.stop();
    expect(states).toEqual(['starting', 'stopped']);
  });

  it('11: stop() from inside of starting: no later spawn', async () => {
    const worker = use(createWorker('cat', { start: false, supervise: restartOnExit() }));
    const { states } = record(worker);
    worker.status$.subscribe(({ state }) => {
      if (state === 'starting') void worker.stop();
    });
    worker.start();
    await worker.stop();
    expect(states).toEqual(['stopped', 'starting', 'stopping eof', 'stopped']);
  });

  it('11: stop() while not ready: no later spawn', async () => {
    const worker = use(
      createWorker(fixture('trapSigterm.sh'), {
        supervise: restartOnExit({ delayMs: 0 }),
        ready: (output$, write) => {
          write('hello');
          return first(output$, (line) => line === 'never said');
        },
        stop,
      }),
    );
    const { states } = record(worker);
    await first(worker.output$);
    await worker.stop();
    expect(states).toEqual(['starting', 'stopping eof', 'stopping term', 'stopped']);
  });

  it('11: stop() in backoff: no later spawn', async () => {
    const worker = use(createWorker(sh('exit 1'), { supervise: restartOnExit(longDelay) }));
    const { states } = record(worker);
    await until(worker, 'backoff');
    await worker.stop();
    expect(states).toEqual(['starting', 'running', 'exited', 'backoff', 'stopped']);
    expect(worker.status$.value).toMatchObject({ exit: { reason: 'exit-code', code: 1 } });
  });

  it('11: stop() from inside of backoff: no later spawn', async () => {
    const worker = use(createWorker(sh('exit 1'), { supervise: restartOnExit(longDelay) }));
    const { states } = record(worker);
    worker.status$.subscribe(({ state }) => {
      if (state === 'backoff') void worker.stop();
    });
    await until(worker, 'stopped');
    expect(states).toEqual(['starting', 'running', 'exited', 'backoff', 'stopped']);
  });

  it('11: stop() while starting: no later spawn, not in an hour either', async () => {
    const { worker, recorded, system, scheduler } = await fakeWorker({ start: false });
    worker.start();
    void worker.stop();
    await system.pass(0);
    expect(scheduler.actions).toEqual([]);
    await system.pass(HOUR_MS);
    expect(recorded.states).toEqual(['stopped', 'starting', 'stopping eof', 'stopped']);
    expect(system.programs).toHaveLength(1);
  });

  it('11: stop() in backoff: no later spawn, not in an hour either', async () => {
    const { worker, recorded, system, scheduler, program } = await fakeWorker();
    program.crash();
    expect(recorded.states).toEqual(['starting', 'running', 'exited', 'backoff']);
    void worker.stop();
    await system.pass(0);
    expect(scheduler.actions).toEqual([]);
    await system.pass(HOUR_MS);
    expect(recorded.states).toEqual(['starting', 'running', 'exited', 'backoff', 'stopped']);
    expect(system.programs).toHaveLength(1);
  });

  it("12: SIGTERM ignored: SIGKILL, stopped, within the ladder's time", async () => {
    const worker = use(createWorker(fixture('ignoreEofAndSigterm.sh'), { stop }));
    const { states } = record(worker);
    const pids = (await first(worker.output$)).split(' ').map(Number);
    expect(pids).toHaveLength(3);
    const startedAt = performance.now();
    await worker.stop();
    const tookMs = performance.now() - startedAt;
    const ladder = ['stopping eof', 'stopping term', 'stopping kill'];
    expect(states).toEqual(['starting', 'running', ...ladder, 'stopped']);
    expect(worker.status$.value).toMatchObject({ exit: { signal: 'SIGKILL', reason: 'stopped' } });
    expect(pids.filter(isAlive)).toEqual([]);
    // Two rungs, less what a timer may be early.
    expect(tookMs).toBeGreaterThan(298);
  });

  it('12: SIGTERM ignored: SIGKILL after 6 s by default, to the millisecond', async () => {
    const { worker, recorded, system } = await fakeWorker({ temper: 'stubborn' });
    let isSettled = false;
    void worker.stop().then(() => (isSettled = true));
    await system.pass(5_999);
    expect(recorded.states).toEqual(['starting', 'running', 'stopping eof', 'stopping term']);
    expect(isSettled).toBe(false);
    await system.pass(1);
    expect(recorded.states.slice(4)).toEqual(['stopping kill', 'stopped']);
    expect(isSettled).toBe(true);
  });

  it('13: the program is SIGSTOPped: it still dies, by SIGTERM', async () => {
    const worker = use(createWorker('cat', { stop: { endInputMs: 100 } }));
    const { states } = record(worker);
    const { pid } = await until(worker, 'running');
    process.kill(pid, 'SIGSTOP');
    if (process.platform === 'linux') {
      await eventually(() => readFileSync(`/proc/${pid}/stat`, 'utf8').includes(' T '));
    }
    await worker.stop();
    expect(states).toEqual(['starting', 'running', 'stopping eof', 'stopping term', 'stopped']);
    expect(worker.status$.value).toMatchObject({ exit: { signal: 'SIGTERM', reason: 'stopped' } });
  });

  it('14: SIGTERM trapped, exits 143 after clean-up: stopped, its last output delivered', async () => {
    const worker = use(createWorker(fixture('trapSigterm.sh'), { stop: { endInputMs: 50 } }));
    const { all } = record(worker);
    await first(worker.output$, (line) => line === 'ready');
    await worker.stop();
    expect(all.slice(2)).toEqual([
      'ready',
      'stopping eof',
      'stopping term',
      'last words',
      'stopped',
    ]);
    expect(worker.status$.value).toMatchObject({
      exit: { code: 143, signal: null, reason: 'stopped' },
    });
  });

  it('34: stop(); start() in one turn: one new run', async () => {
    const worker = use(createWorker('cat'));
    const { states } = record(worker);
    await until(worker, 'running');
    const stopped = worker.stop();
    worker.start();
    await stopped;
    await first(worker.status$, (status) => status.state === 'running' && status.generation === 2);
    const run = ['starting', 'running'];
    expect(states).toEqual([...run, 'stopping eof', 'stopped', ...run]);
    worker.send.next('hello');
    expect(await first(worker.output$)).toBe('hello');
  });

  it('34: stop(); start(); stop() in one turn: none', async () => {
    const worker = use(createWorker('cat'));
    const { states } = record(worker);
    await until(worker, 'running');
    void worker.stop();
    worker.start();
    await worker.stop();
    expect(states).toEqual(['starting', 'running', 'stopping eof', 'stopped']);
  });
});
