import {
  concat,
  EMPTY,
  filter,
  finalize,
  from,
  identity,
  merge,
  NEVER,
  pipe,
  repeat,
  Subject,
  takeUntil,
  throwError,
  type Observable,
} from 'rxjs';
import {
  createWorker,
  exchange,
  restartOnExit,
  type Exit,
  type FailedStatus,
  type WorkerStatus,
} from 'simple-ipc';
import { fakeProgram } from 'simple-ipc/testing';
import { fakeWorker } from '../support/fakeWorker.js';
import { cleanUp, record, takeWarnings, use, watchWarnings } from '../support/programs.js';

const run = ['starting', 'running'];
const always = { when: 'always', delayMs: 1_000, jitter: false } as const;

describe('a life', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  it('rests at stopped when its policy ends in backoff, after a success too', async () => {
    const shutdown$ = new Subject<void>();
    const { recorded, system, program } = await fakeWorker({
      supervise: pipe(restartOnExit(always), takeUntil(shutdown$)),
    });
    program.exit(0);
    await system.pass(10);
    shutdown$.next();
    expect(recorded.states).toEqual([...run, 'exited', 'backoff', 'stopped']);
    expect(recorded.statuses.at(-1)).toMatchObject({ exit: { reason: 'success' } });
  });

  it('can be stopped by a policy that is left, from there', async () => {
    const leave = jest.fn();
    const { recorded, system, program, worker } = await fakeWorker({
      supervise: pipe(restartOnExit(always), finalize(leave)),
    });
    leave.mockImplementation(() => void worker.stop());
    program.exit(1);
    await system.pass(10);
    await worker.restart();
    expect(recorded.states).toEqual([...run, 'exited', 'backoff', 'stopped']);
    expect(leave).toHaveBeenCalledTimes(1);
    expect(system.programs).toHaveLength(1);
  });

  it('begins the next run as soon as one is gone that its policy has left, when it is restarted', async () => {
    const leave$ = new Subject<void>();
    const { recorded, system, worker } = await fakeWorker({
      temper: 'deaf',
      supervise: pipe(takeUntil(leave$), repeat({ delay: () => NEVER })),
    });
    leave$.next();
    await Promise.all([worker.restart(), system.pass(10_000)]);
    expect(recorded.states).toEqual([...run, 'stopping eof', 'stopping term', 'exited', ...run]);
  });

  it('forgets a start at `exited` when its policy goes on', async () => {
    const shutdown$ = new Subject<void>();
    const { recorded, system, program, worker } = await fakeWorker({
      supervise: pipe(restartOnExit(always), takeUntil(shutdown$)),
    });
    worker.status$.pipe(filter(({ state }) => state === 'exited')).subscribe(() => worker.start());
    program.exit(1);
    await system.pass(10);
    shutdown$.next();
    await system.pass(10_000);
    expect(recorded.states).toEqual([...run, 'exited', 'backoff', 'stopped']);
  });

  it('fails when its policy throws as it is applied, and may begin again', async () => {
    const error = new Error('of the policy');
    let throwsOnce = false;
    const { recorded, system, program, worker } = await fakeWorker({
      supervise(life$) {
        if (throwsOnce) {
          throwsOnce = false;
          throw error;
        }
        return life$.pipe(restartOnExit(always));
      },
    });
    program.exit(1);
    await system.pass(10);
    throwsOnce = true;
    await worker.restart();
    throwsOnce = true;
    worker.start();
    worker.start();
    await system.pass(0);
    expect(recorded.states).toEqual([...run, 'exited', 'backoff', 'failed', 'failed', ...run]);
    expect(recorded.statuses[4]).toMatchObject({ error: { cause: error } });
    throwsOnce = true;
    void worker.stop();
    worker.start();
    await system.pass(0);
    expect(recorded.states.slice(-3)).toEqual(['stopping eof', 'stopped', 'failed']);
  });

  it('is stopped by what `ready` does when it is left', async () => {
    const { recorded, system, worker } = await fakeWorker({
      ready: (output$) => output$.pipe(finalize(() => void worker.stop())),
    });
    await Promise.all([worker.restart(), system.pass(60_000)]);
    expect(recorded.states).toEqual(['starting', 'stopping eof', 'stopping eof', 'stopped']);
    const causes = recorded.statuses.flatMap((status) => ('cause' in status ? [status.cause] : []));
    expect(causes).toEqual(['recycled', 'requested']);
  });

  it('takes over a backoff after the exit that it is of, once, and no other', async () => {
    const said$ = new Subject<WorkerStatus>();
    const { recorded, system } = await fakeWorker({
      supervise: (life$) => merge(concat(life$, life$, NEVER), said$),
    });
    const exits = () => recorded.statuses.flatMap((s) => (s.state === 'exited' ? [s.exit] : []));
    const say = (exit: Exit) =>
      said$.next({ state: 'backoff', exit, attempt: 1, delayMs: 1, restartAt: 1 });
    system.newest!.exit(0);
    say(exits()[0]!);
    await system.pass(0);
    say(exits()[0]!);
    system.newest!.exit(0);
    say(exits()[0]!);
    expect(recorded.states).toEqual([...run, 'exited', ...run, 'exited']);
    say(exits()[1]!);
    say(exits()[1]!);
    expect(recorded.states.slice(6)).toEqual(['backoff']);
  });

  it('is one attempt if its program cannot be started, though it is restarted meanwhile', async () => {
    const missing = fakeProgram();
    missing.refuse('ENOENT');
    const worker = use(createWorker('fake', { ...missing.options, supervise: identity }));
    const { states } = record(worker);
    await worker.restart();
    expect(states).toEqual(['starting', 'exited', 'failed']);
    expect(worker.status$.value).toMatchObject({ error: { name: 'SpawnError', code: 'ENOENT' } });
  });

  it('has only its own exits when it has failed', async () => {
    const { worker, recorded, system, program } = await fakeWorker({ supervise: identity });
    let isFirst = true;
    worker.status$.subscribe(({ state }) => {
      if (state !== 'exited' || !isFirst) return;
      isFirst = false;
      void worker.stop();
      worker.start();
    });
    program.exit(1);
    await system.pass(0);
    system.newest!.exit(1);
    await system.pass(0);
    expect(recorded.states.at(-1)).toBe('failed');
    expect(recorded.statuses.at(-1)).toMatchObject({ exits: [{ generation: 2 }] });
    takeWarnings();
  });

  it('has no memory of a start that a restart came before', async () => {
    const { worker, recorded, system } = await fakeWorker({ restart: { maxRestarts: 1 } });
    worker.status$.subscribe(({ state }) => {
      if (state === 'exited' && system.programs.length === 1) worker.start();
    });
    system.newest!.exit(1);
    await system.pass(20);
    system.newest!.exit(1);
    await system.pass(60_000);
    expect(recorded.states.at(-1)).toBe('failed');
    expect(system.programs.length).toBe(2);
  });

  it('fails with what its policy failed with, as the cause', async () => {
    const oops = new RangeError('oops');
    const { worker, recorded, program } = await fakeWorker({
      supervise: (life$) =>
        concat(
          life$,
          throwError(() => oops),
        ),
    });
    program.exit(0);
    expect(recorded.states).toEqual([...run, 'exited', 'failed']);
    expect(worker.status$.value).toMatchObject({
      error: { name: 'SimpleIpcError', message: '"fake" failed: oops', cause: oops },
    });
  });

  it('keeps its last 16 exits', async () => {
    const { recorded, system } = await fakeWorker({ restart: { maxRestarts: 19 } });
    for (let i = 0; i < 20; i++) {
      system.newest!.exit(1);
      await system.pass(20);
    }
    const { exits } = recorded.statuses.at(-1) as FailedStatus;
    expect(exits.map(({ generation }) => generation)).toEqual(
      Array.from({ length: 16 }, (_, i) => i + 5),
    );
  });

  it('does not end with a policy whose time is over', async () => {
    let asked = 0;
    const { worker, recorded, system } = await fakeWorker({
      start: false,
      supervise: (life$) => {
        if (asked++ > 0) return life$;
        void worker.restart();
        return EMPTY;
      },
    });
    worker.start();
    await system.pass(0);
    expect(asked).toBe(2);
    expect(recorded.states).toEqual(['stopped', ...run]);
  });

  it('that waits for its first run knows nothing of the one before: two starts are one', async () => {
    const gate$ = new Subject<WorkerStatus>();
    let lives = 0;
    const { worker, program } = await fakeWorker({
      supervise: (life$) => (lives++ === 0 ? life$ : gate$),
    });
    program.exit(0);
    worker.start();
    worker.start();
    gate$.complete();
    expect(lives).toBe(2);
  });

  it('begins the next run for a waiting subscriber, when the earlier one leaves in a restart', async () => {
    const leave$ = new Subject<void>();
    const { worker, recorded, system } = await fakeWorker({
      supervise: (life$) => merge(life$.pipe(takeUntil(leave$)), life$),
    });
    const key = (line: string) => line;
    from(['asked'])
      .pipe(exchange(worker, { key }))
      .subscribe({ error: () => leave$.next() });
    await system.pass(0);
    await Promise.all([worker.restart(), system.pass(60_000)]);
    expect(recorded.states).toEqual([...run, 'stopping eof', ...run]);
  });

  it('fails at once when the program ends from inside of `ready`: no timer is left', async () => {
    const ready = (): Observable<never> => {
      fakes.lastRun.crash();
      return NEVER;
    };
    const fakes = fakeProgram();
    const { worker, recorded, scheduler, system } = await fakeWorker({
      ...fakes.options,
      ready,
      supervise: identity,
    });
    await system.pass(0);
    expect(recorded.states).toEqual(['starting', 'exited', 'failed']);
    expect(worker.status$.value).toMatchObject({ error: { name: 'ExitError' } });
    expect(scheduler.actions).toEqual([]);
  });
});
