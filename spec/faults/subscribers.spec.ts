import { createWorker, restartOnExit, type ReactiveWorker, type WorkerStatus } from 'simple-ipc';
import {
  checked,
  cleanUp,
  collectUnhandled,
  eventually,
  first,
  fixture,
  record,
  sh,
  until,
  use,
  watchWarnings,
} from '../support/programs.js';

/** Subscribes to the statuses, before anyone else. */
function watch(worker: ReactiveWorker, act?: (status: WorkerStatus) => void): string[] {
  const states: string[] = [];
  const statuses = checked([]);
  worker.status$.subscribe((status) => {
    statuses.push(status);
    states.push(status.state);
    act?.(status);
  });
  return states;
}

describe('a subscriber', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  it('22: throws in every stream: the others and the program are unaffected', async () => {
    const unhandled = collectUnhandled();
    const bad = () => {
      throw new Error('a bad subscriber');
    };
    const worker = use(
      createWorker(sh('echo oops >&2; while read -r line; do echo "got $line"; done'), {
        start: false,
      }),
    );
    worker.output$.subscribe(bad);
    worker.stderr$.subscribe(bad);
    worker.status$.subscribe(bad);
    worker.rejected$.subscribe(bad);
    const recorded = record(worker);
    worker.send.next('while nothing runs');
    worker.start();
    worker.send.next('one');
    worker.send.next('two');
    await first(worker.output$, (line) => line === 'got two');
    await worker.stop();
    expect(recorded.output).toEqual(['got one', 'got two']);
    expect(recorded.stderr).toEqual(['oops']);
    expect(recorded.rejected).toMatchObject([{ value: 'while nothing runs' }]);
    expect(recorded.states).toEqual(['stopped', 'starting', 'running', 'stopping eof', 'stopped']);
    // Each value of each stream was reported, by RxJS, in a turn of its own.
    await eventually(() => unhandled.length === 2 + 1 + 5 + 1);
    expect(unhandled.every((error) => (error as Error).message === 'a bad subscriber')).toBe(true);
  });

  it('22: unsubscribes, or another subscribes, during a line: nobody misses one', async () => {
    const worker = use(createWorker('seq 5', { start: false }));
    const late: string[] = [];
    const comesLate = () => worker.output$.subscribe((line) => late.push(line));
    const once = worker.output$.subscribe(() => {
      once.unsubscribe();
      comesLate();
    });
    const { output } = record(worker);
    worker.start();
    await until(worker, 'exited');
    expect(output).toEqual(['1', '2', '3', '4', '5']);
    expect(late).toEqual(['2', '3', '4', '5']);
  });

  it('22: re-enters stop() and start() from every status: all see the same order', async () => {
    const worker = use(createWorker('cat', { start: false }));
    let lives = 0;
    const states = watch(worker, ({ state }) => {
      if (state === 'stopped' && lives < 3) {
        lives++;
        worker.start();
      } else if (state === 'running') {
        void worker.stop();
      }
    });
    const others = [watch(worker), watch(worker)];
    await eventually(() => states.length === 1 + 3 * 4);
    const life = ['starting', 'running', 'stopping', 'stopped'];
    expect(states).toEqual(['stopped', ...life, ...life, ...life]);
    // They came when the first life was starting.
    for (const other of others) expect(other).toEqual(states.slice(1));
  });

  it('22: stops from inside of exited, backoff and failed, and starts again: the same order', async () => {
    const supervise = restartOnExit({ delayMs: 0, maxRestarts: 1 });
    const worker = use(createWorker(sh('exit 1'), { start: false, supervise }));
    const before = watch(worker);
    let starts = 0;
    watch(worker, ({ state }) => {
      if (state === 'failed' && starts++ === 0) worker.start();
      if (state === 'backoff' && starts === 1) void worker.stop();
      if (state === 'stopped' && starts === 1) {
        starts++;
        worker.start();
      }
    });
    const after = watch(worker);
    worker.start();
    await eventually(() => after.at(-1) === 'failed' && starts === 3);
    const run = ['starting', 'running', 'exited'];
    const failing = [...run, 'backoff', ...run, 'failed'];
    expect(after).toEqual(['stopped', ...failing, ...run, 'backoff', 'stopped', ...failing]);
    expect(before).toEqual(after);
  });

  it('22: stops from inside of an output line: the lines read with it still come', async () => {
    const worker = use(createWorker(fixture('greet.sh')));
    const { output } = record(worker);
    worker.output$.subscribe(() => void worker.stop());
    worker.send.next('one');
    worker.send.next('two');
    await until(worker, 'stopped');
    expect(output).toEqual(['got one', 'got two']);
  });
});
