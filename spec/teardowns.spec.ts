import {
  finalize,
  identity,
  noop,
  of,
  pipe,
  Subject,
  take,
  type MonoTypeOperatorFunction,
  type Observable,
} from 'rxjs';
import { exchange, ExitError, feed, lifeOf, NotRunningError, restartOnExit } from 'simple-ipc';
import { fakePool } from './support/fakePool.js';
import { fakeWorker, observe } from './support/fakeWorker.js';
import { cleanUp, collectUnhandled, eventually, watchWarnings } from './support/programs.js';

const run = ['starting', 'running'];
const waiting = restartOnExit({ when: 'always', delayMs: 1_000, jitter: false });

/** RxJS lets it throw out of unsubscribe(), complete() and error(). */
describe('a teardown that throws is reported, and stops nothing:', () => {
  let unhandled: unknown[];
  beforeEach(watchWarnings);
  beforeEach(() => {
    unhandled = collectUnhandled();
  });
  afterEach(() => eventually(() => unhandled.length > 0));
  afterEach(cleanUp);

  /** Throws when it is left, so many times. */
  function throwing<T>(times = Infinity): MonoTypeOperatorFunction<T> {
    return finalize(() => {
      if (times-- > 0) throw new Error('of a teardown');
    });
  }

  it('of `ready`, when the worker is stopped', async () => {
    const { worker, recorded, system } = await fakeWorker({
      ready: (output$) => output$.pipe(throwing()),
    });
    await Promise.all([worker.stop(), system.pass(60_000)]);
    expect(recorded.states).toEqual(['starting', 'stopping eof', 'stopped']);
  });

  it('of `ready`, when the program crashes', async () => {
    const { recorded, system, program } = await fakeWorker({
      ready: (output$) => output$.pipe(throwing()),
      supervise: identity,
    });
    program.exit(1);
    await system.pass(0);
    expect(recorded.states).toEqual(['starting', 'exited', 'failed']);
  });

  it('of the policy, when the worker is stopped', async () => {
    const { worker, recorded, system, program } = await fakeWorker({
      supervise: pipe(waiting, throwing()),
    });
    program.exit(1);
    await system.pass(0);
    await worker.stop();
    expect(recorded.states).toEqual([...run, 'exited', 'backoff', 'stopped']);
  });

  it('of the policy, when the worker is restarted', async () => {
    const { worker, recorded, system, program } = await fakeWorker({
      supervise: pipe(waiting, throwing(1)),
    });
    program.exit(1);
    await system.pass(0);
    await Promise.all([worker.restart(), system.pass(0)]);
    expect(recorded.states).toEqual([...run, 'exited', 'backoff', ...run]);
  });

  it.each([0, 1, 2, 3, 4])(
    'of who watches a stream, when the worker is disposed: %s',
    async (i) => {
      const { worker } = await fakeWorker();
      const { output$, stderr$, rejected$, send, status$ } = worker;
      const streams: readonly Observable<unknown>[] = [output$, stderr$, rejected$, send, status$];
      const observed = streams.map(observe);
      streams[i]!.pipe(throwing()).subscribe();
      await worker[Symbol.asyncDispose]();
      expect(observed.map(({ end }) => end)).toEqual(streams.map(() => 'complete'));
    },
  );

  it('of `reply`: the next request gets its turn, at a reply, a time-out and the end of the run', async () => {
    const { worker, system } = await fakeWorker();
    const ask = (request: string) => {
      const reply = (output$: Observable<string>) => output$.pipe(take(1), throwing());
      return observe(of(request).pipe(exchange(worker, { reply, timeoutMs: 100 })));
    };
    const asked = ['a', 'b', 'c', 'd'].map(ask);
    await system.pass(0);
    system.newest!.print('A\n');
    await system.pass(0);
    system.newest!.exit(1);
    await system.pass(10);
    await system.pass(100);
    await system.pass(10);
    system.newest!.print('D\n');
    const ends = asked.map(({ end }) => (end instanceof Error ? end.name : end));
    expect(ends).toEqual(['complete', 'ExitError', 'ReplyTimeoutError', 'complete']);
  });

  it('of a request that cannot be sent: the next is asked', async () => {
    const { worker, system } = await fakeWorker();
    await worker.stop();
    const source$ = new Subject<string>();
    source$.pipe(exchange(worker, { reply: take(1) }), throwing()).subscribe({ error: noop });
    source$.next('a');
    worker.start();
    await system.pass(0);
    observe(of('b').pipe(exchange(worker, { reply: take(1) })));
    await system.pass(0);
    expect(system.newest!.received).toEqual(['b']);
  });

  it('of a request by key: the others fail at the end of the run', async () => {
    const { worker, system, program } = await fakeWorker();
    const ask = (request: string) => of(request).pipe(exchange(worker, { key: identity }));
    ask('a').pipe(throwing()).subscribe({ error: noop });
    const other = observe(ask('b'));
    await system.pass(0);
    program.exit(1);
    expect(other.end).toBeInstanceOf(ExitError);
  });

  it('of a feed: the worker still gets the exit', async () => {
    const { worker, recorded, system, program } = await fakeWorker({ supervise: identity });
    feed(worker, ['a']).pipe(throwing()).subscribe({ error: noop });
    program.exit(1);
    await system.pass(0);
    expect(recorded.states).toEqual([...run, 'exited', 'failed']);
  });

  it('of a request to a pool without a worker left: the others fail', async () => {
    const { pool, system, ask } = await fakePool({ size: 1 });
    ask('a');
    of('b')
      .pipe(exchange(pool, { reply: take(1) }), throwing())
      .subscribe({ error: noop });
    const other = ask('c');
    await Promise.all([pool.workers[0]!.stop(), system.pass(10)]);
    expect(other.end).toBeInstanceOf(NotRunningError);
  });

  it('of a subscriber to the status of a pool: it is disposed', async () => {
    const { pool } = await fakePool({ size: 1 });
    pool.status$.pipe(throwing()).subscribe();
    const disposed = pool[Symbol.asyncDispose]();
    await expect(disposed).resolves.toBeUndefined();
  });

  it('of a subscriber to a cold stream: the next is served', async () => {
    const life$ = lifeOf('true');
    life$.subscribe().add(() => {
      throw new Error('of a teardown');
    });
    const next = observe(life$);
    await eventually(() => next.end === 'complete');
    expect(next.values.map(({ state }) => state)).toEqual([...run, 'exited']);
  });
});
