import { finalize, identity, pipe, type MonoTypeOperatorFunction, type Observable } from 'rxjs';
import { lifeOf, restartOnExit } from 'simple-ipc';
import { fakeWorker, hear } from './support/fakeWorker.js';
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
    const { worker, told, system } = await fakeWorker({
      ready: (output$) => output$.pipe(throwing()),
    });
    await Promise.all([worker.stop(), system.pass(60_000)]);
    expect(told.states).toEqual(['starting', 'stopping eof', 'stopped']);
  });

  it('of `ready`, when the program crashes', async () => {
    const { told, system, program } = await fakeWorker({
      ready: (output$) => output$.pipe(throwing()),
      supervise: identity,
    });
    program.exit(1);
    await system.pass(0);
    expect(told.states).toEqual(['starting', 'exited', 'failed']);
  });

  it('of the policy, when the worker is stopped', async () => {
    const { worker, told, system, program } = await fakeWorker({
      supervise: pipe(waiting, throwing()),
    });
    program.exit(1);
    await system.pass(0);
    await worker.stop();
    expect(told.states).toEqual([...run, 'exited', 'backoff', 'stopped']);
  });

  it('of the policy, when the worker is restarted', async () => {
    const { worker, told, system, program } = await fakeWorker({
      supervise: pipe(waiting, throwing(1)),
    });
    program.exit(1);
    await system.pass(0);
    await Promise.all([worker.restart(), system.pass(0)]);
    expect(told.states).toEqual([...run, 'exited', 'backoff', ...run]);
  });

  it.each([0, 1, 2, 3, 4])(
    'of who watches a stream, when the worker is disposed: %s',
    async (i) => {
      const { worker } = await fakeWorker();
      const { output$, stderr$, rejected$, send, status$ } = worker;
      const streams: readonly Observable<unknown>[] = [output$, stderr$, rejected$, send, status$];
      const heard = streams.map(hear);
      streams[i]!.pipe(throwing()).subscribe();
      await worker[Symbol.asyncDispose]();
      expect(heard.map(({ end }) => end)).toEqual(streams.map(() => 'complete'));
    },
  );

  it('of a subscriber to a cold stream: the next is served', async () => {
    const life$ = lifeOf('true');
    life$.subscribe().add(() => {
      throw new Error('of a teardown');
    });
    const next = hear(life$);
    await eventually(() => next.end === 'complete');
    expect(next.values.map(({ state }) => state)).toEqual([...run, 'exited']);
  });
});
