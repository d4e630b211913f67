import { pipe, retry, Subject, takeUntil, timeout, type MonoTypeOperatorFunction } from 'rxjs';
import { createWorker, restartOnExit, type WorkerStatus } from 'simple-ipc';
import {
  cleanUp,
  first,
  fixture,
  isAlive,
  record,
  sh,
  until,
  use,
  watchWarnings,
} from '../support/programs.js';

const longDelay = { delayMs: 600_000, maxDelayMs: 600_000 };

// `record` sees to it that statuses keep to the edges, and that at every `starting` the programs
// before are gone.
describe('a policy of stock operators', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  it('33: takeUntil fires in the middle of a run: the ladder, stopped, and a new life later', async () => {
    const shutdown$ = new Subject<void>();
    const worker = use(createWorker('cat', { supervise: takeUntil(shutdown$) }));
    const { states, statuses } = record(worker);
    await until(worker, 'running');
    shutdown$.next();
    await until(worker, 'stopped');
    const life = ['starting', 'running', 'stopping eof', 'stopped'];
    expect(states).toEqual(life);
    expect(statuses.at(-1)).toMatchObject({ exit: { reason: 'stopped', generation: 1 } });
    worker.start();
    await until(worker, 'running');
    await worker.stop();
    expect(states).toEqual([...life, ...life]);
  });

  it('33: takeUntil fires while a program that ignores SIGTERM runs: to the end of the ladder', async () => {
    const shutdown$ = new Subject<void>();
    const worker = use(
      createWorker(fixture('ignoreSigterm.mjs'), {
        supervise: pipe(restartOnExit(), takeUntil(shutdown$)),
        ready: (output$) => output$,
        stop: { endInputMs: 50, terminateMs: 50 },
      }),
    );
    const { states } = record(worker);
    await until(worker, 'running');
    shutdown$.next();
    worker.start(); // remembered until the old program is gone
    await until(worker, 'starting');
    const ladder = ['stopping eof', 'stopping term', 'stopping kill'];
    expect(states).toEqual(['starting', 'running', ...ladder, 'stopped', 'starting']);
  });

  it('33: takeUntil fires in backoff: stopped, and no timer is left', async () => {
    const shutdown$ = new Subject<void>();
    const worker = use(
      createWorker(sh('exit 1'), {
        supervise: pipe(restartOnExit(longDelay), takeUntil(shutdown$)),
      }),
    );
    const { states } = record(worker);
    await until(worker, 'backoff');
    shutdown$.next();
    expect(worker.status$.value).toMatchObject({ state: 'stopped', exit: { code: 1 } });
    expect(states).toEqual(['starting', 'running', 'exited', 'backoff', 'stopped']);
  });

  it.each(['starting', 'exited', 'running'] as const)(
    '33: takeUntil fires from inside of %s: true to the edges',
    async (state) => {
      const shutdown$ = new Subject<void>();
      const worker = use(
        createWorker(sh('exit 1'), {
          start: false,
          supervise: pipe(restartOnExit({ delayMs: 1 }), takeUntil(shutdown$)),
        }),
      );
      worker.status$.subscribe((status) => {
        if (status.state === state) shutdown$.next();
      });
      const { states } = record(worker);
      worker.start();
      await until(worker, 'stopped');
      expect(states.filter((each) => each === 'starting')).toHaveLength(1);
      expect(states.at(-1)).toBe('stopped');
    },
  );

  // Shorter than the ladder: those who wait for a dying program run out of time too.
  const hasty: [string, MonoTypeOperatorFunction<WorkerStatus>][] = [
    ['timeout and retry', pipe(timeout({ each: 50 }), retry())],
    ['timeout and retry with a delay', pipe(timeout({ each: 50 }), retry({ delay: 20 }))],
  ];

  it.each(hasty)(
    '33: %s over a run that is being killed: one process at most',
    async (_name, supervise) => {
      const deaf = sh("trap '' TERM; exec sleep 1000");
      const worker = use(
        createWorker(deaf, { supervise, stop: { endInputMs: 200, terminateMs: 50 } }),
      );
      const { statuses, states } = record(worker);
      await first(worker.status$, (status) => 'generation' in status && status.generation === 4);
      await worker.stop();
      const pids = statuses.flatMap((status) => (status.state === 'starting' ? [status.pid] : []));
      expect(pids).toHaveLength(4);
      expect(new Set(pids).size).toBe(4);
      expect(pids.filter((pid) => isAlive(pid ?? 0))).toEqual([]);
      expect(states).toContain('stopping kill');
      expect(states.at(-1)).toBe('stopped');
    },
  );

  it('33: timeout gives up: failed when the program that ignores SIGTERM is gone', async () => {
    const worker = use(
      createWorker(sh("trap '' TERM; echo ready; exec sleep 1000"), {
        supervise: timeout({ each: 500 }),
        ready: (output$) => output$,
        stop: { endInputMs: 50, terminateMs: 50 },
      }),
    );
    const { states } = record(worker);
    const { error } = await until(worker, 'failed');
    expect(error.message).toContain('Timeout has occurred');
    const ladder = ['stopping eof', 'stopping term', 'stopping kill'];
    expect(states).toEqual(['starting', 'running', ...ladder, 'failed']);
  });
});
