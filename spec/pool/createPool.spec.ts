import {
  catchError,
  EMPTY,
  from,
  lastValueFrom,
  map,
  mergeMap,
  NEVER,
  noop,
  of,
  toArray,
  type Observable,
} from 'rxjs';
import {
  createPool,
  exchange,
  InputClosedError,
  NotRunningError,
  StopError,
  type PoolOptions,
} from 'simple-ipc';
import type { Program } from '../../src/process/Program.js';
import { fakePool, reply } from '../support/fakePool.js';
import { observe } from '../support/fakeWorker.js';
import {
  cleanUp,
  eventually,
  first,
  fixture,
  isAlive,
  numbers,
  record,
  until,
  takeWarnings,
  use,
  watchWarnings,
} from '../support/programs.js';

/** As when the program has closed its stdin. */
const fail: Program['write'] = (_data, done) => {
  void Promise.resolve().then(() => done(new Error('EPIPE')));
};

describe('createPool', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  describe('requests', () => {
    it('go to the workers, one at a time each, the rest wait', async () => {
      const { pool, system, received, now } = await fakePool();
      const requests$ = from(['a', 'b', 'c', 'd', 'e']);
      const observed = observe(requests$.pipe(exchange(pool, { reply, concurrency: Infinity })));
      await system.pass(0);
      expect(received()).toEqual([['a'], ['b'], ['c']]);
      expect(now()).toEqual({ idle: 0, busy: 3, starting: 0, resting: 0, waiting: 2 });
      system.programs[1]!.print('B\n');
      await system.pass(0);
      expect(received()).toEqual([['a'], ['b', 'd'], ['c']]);
      for (const program of system.programs) program.print('x\n');
      await system.pass(0);
      // That one had been idle longest.
      expect(received()).toEqual([['a', 'e'], ['b', 'd'], ['c']]);
      system.programs[0]!.print('E\n');
      expect(observed).toMatchObject({ values: ['B', 'x', 'x', 'x', 'E'], end: 'complete' });
      expect(now()).toEqual({ idle: 3, busy: 0, starting: 0, resting: 0, waiting: 0 });
    });

    it('go to the worker that has been idle longest', async () => {
      const { ask, system, received } = await fakePool();
      for (const request of ['a', 'b', 'c', 'd']) {
        ask(request);
        await system.pass(0);
        system.programs.find(({ received }) => received.includes(request))!.print('x\n');
      }
      expect(received()).toEqual([['a', 'd'], ['b'], ['c']]);
      ask('e');
      ask('f');
      await system.pass(0);
      system.programs[2]!.print('F\n');
      system.programs[1]!.print('E\n');
      for (const request of ['g', 'h', 'i']) ask(request);
      await system.pass(0);
      expect(received()).toEqual([
        ['a', 'd', 'g'],
        ['b', 'e', 'i'],
        ['c', 'f', 'h'],
      ]);
    });

    it('have a concurrency of the size of the pool by default', async () => {
      const { pool, system, received, now } = await fakePool({ size: 2 });
      observe(from(['a', 'b', 'c']).pipe(exchange(pool, { reply })));
      await system.pass(0);
      expect(received()).toEqual([['a'], ['b']]);
      expect(now().waiting).toBe(0);
    });

    it('wait until a worker runs', async () => {
      const { ask, system, received, now } = await fakePool({ size: 1 });
      system.newest.exit(1);
      const observed = ask('a');
      expect(now()).toMatchObject({ starting: 1, waiting: 1 });
      await system.pass(9);
      expect(received()).toEqual([[]]);
      await system.pass(1);
      expect(received()).toEqual([[], ['a']]);
      system.newest.print('A\n');
      expect(observed).toMatchObject({ values: ['A'], end: 'complete' });
    });

    it('are not given to a worker that is being restarted', async () => {
      const { ask, system, received, now } = await fakePool({ size: 2 });
      system.programs[0]!.exit(1);
      await system.pass(0);
      expect(now()).toEqual({ idle: 1, busy: 0, starting: 1, resting: 0, waiting: 0 });
      for (const request of ['a', 'b', 'c']) ask(request);
      await system.pass(9);
      expect(received()).toEqual([[], ['a']]);
      system.programs[1]!.print('A\n');
      await system.pass(1);
      expect(received()).toEqual([[], ['a', 'b'], ['c']]);
    });

    it('that give up waiting are never asked', async () => {
      const { ask, system, received, now } = await fakePool({ size: 1 });
      ask('a');
      const left = ask('b');
      ask('c');
      await system.pass(0);
      left.leave();
      expect(now()).toMatchObject({ busy: 1, waiting: 1 });
      system.newest.print('A\n');
      await system.pass(0);
      expect(received()).toEqual([['a', 'c']]);
    });

    it('that are left keep their worker until the reply is complete', async () => {
      const { ask, system, received, now } = await fakePool({ size: 1 });
      const left = ask('a');
      await system.pass(0);
      left.leave();
      const observed = ask('b');
      await system.pass(1_000);
      expect(received()).toEqual([['a']]);
      expect(now()).toMatchObject({ busy: 1, waiting: 1 });
      system.newest.print('A\n');
      await system.pass(0);
      system.newest.print('B\n');
      expect(observed.values).toEqual(['B']);
    });

    it('that take too long cost their worker its run', async () => {
      const { ask, system, received } = await fakePool({ size: 2 });
      const slow = ask('a', { timeoutMs: 50 });
      const observed = ask('b');
      await system.pass(50);
      expect(slow.end).toMatchObject({ name: 'ReplyTimeoutError' });
      await system.pass(10);
      system.programs[1]!.print('B\n');
      ask('c');
      ask('d');
      await system.pass(0);
      expect(observed.values).toEqual(['B']);
      expect(received()).toEqual([['a'], ['b', 'd'], ['c']]);
    });

    it('are asked again of another worker when they are idempotent', async () => {
      const { ask, system, received } = await fakePool({ size: 2 });
      const observed = ask('a', { idempotent: true });
      await system.pass(0);
      system.programs[0]!.exit(1);
      await system.pass(0);
      expect(received()).toEqual([['a'], ['a']]);
      system.programs[1]!.print('A\n');
      expect(observed).toMatchObject({ values: ['A'], end: 'complete' });
    });

    it('are asked maxAttempts times at most', async () => {
      const { ask, system, received } = await fakePool({ size: 2 });
      const observed = ask('a', { idempotent: true, maxAttempts: 2 });
      await system.pass(0);
      system.programs[0]!.exit(1);
      await system.pass(0);
      system.programs[1]!.exit(2);
      await system.pass(100);
      expect(observed.end).toMatchObject({ name: 'ExitError', exit: { code: 2 } });
      expect(received()).toEqual([['a'], ['a'], [], []]);
    });

    it('are not asked again when no worker is left that will run', async () => {
      const { ask, received, system } = await fakePool({
        size: 1,
        restart: { when: ({ code }) => code !== 78 },
      });
      const [one, two] = ['one', 'two'].map((request) =>
        ask(request, { idempotent: true, maxAttempts: Infinity }),
      );
      await system.pass(0);
      system.newest.exit(78);
      await system.pass(60_000);
      const three = ask('three', { idempotent: true, maxAttempts: Infinity });
      await system.pass(0);
      expect([one, two, three]).toMatchObject(
        Array.from({ length: 3 }, () => ({ end: { name: 'ExitError' } })),
      );
      expect(received()).toEqual([['one']]);
    });

    it('fail with ExitError when they are not', async () => {
      const { ask, system, received } = await fakePool({ size: 2 });
      const observed = ask('a');
      await system.pass(0);
      system.programs[0]!.exit(3);
      await system.pass(10);
      expect(observed.end).toMatchObject({ name: 'ExitError', exit: { code: 3 } });
      expect(received()).toEqual([['a'], [], []]);
    });

    it.each<[string, (output$: Observable<string>) => Observable<string>]>([
      [
        'throws',
        () => {
          throw new Error('mine');
        },
      ],
      ['has no reply', () => EMPTY],
    ])('leave their worker idle when `reply` %s', async (_, odd) => {
      const { ask, system, now } = await fakePool({ size: 1 });
      const odds = [ask('a', { reply: odd }), ask('b', { reply: odd })];
      const observed = ask('c');
      await system.pass(0);
      await system.pass(0);
      expect(odds.map(({ end }) => end)).not.toContain('open');
      system.newest.print('C\n');
      expect(observed.values).toEqual(['C']);
      expect(now()).toMatchObject({ idle: 1, busy: 0, waiting: 0 });
    });

    it('fail with NotRunningError when every worker was stopped', async () => {
      const { pool, ask, system } = await fakePool({ size: 2 });
      await Promise.all([...pool.workers.map((worker) => worker.stop()), system.pass(10)]);
      const observed = ask('a');
      await system.pass(0);
      expect(observed.end).toBeInstanceOf(NotRunningError);
      expect(String(observed.end)).toContain('has no worker left in its pool');
      pool.workers[1]!.start();
      await system.pass(0);
      expect(ask('b').end).toBe('open');
    });

    it('are not left to a program that has closed its stdin: a second later it is replaced', async () => {
      const { pool, ask, system, now } = await fakePool({ size: 1 });
      Object.assign(system.newest, { write: fail });
      const one = ask('one');
      await system.pass(0);
      expect(one.end).toBeInstanceOf(InputClosedError);
      const two = ask('two');
      await system.pass(999);
      expect(pool.workers[0]!.status$.value).toMatchObject({ state: 'running', generation: 1 });
      await system.pass(1);
      expect(pool.workers[0]!.status$.value).toMatchObject({ state: 'stopping', stage: 'eof' });
      await system.pass(1_010);
      expect(pool.workers[0]!.status$.value).toMatchObject({ state: 'running', generation: 2 });
      system.newest.print('2\n');
      expect(two).toMatchObject({ values: ['2'], end: 'complete' });
      expect(now()).toMatchObject({ idle: 1, waiting: 0 });
    });

    it("are the policy's affair if the program ends that has closed its stdin", async () => {
      const { pool, ask, system } = await fakePool({ size: 1 });
      Object.assign(system.newest, { write: fail });
      ask('one');
      await system.pass(500);
      system.newest.exit(1);
      await system.pass(10);
      const { statuses } = record(pool.workers[0]!);
      await system.pass(10_000);
      expect(statuses).toMatchObject([{ state: 'running', generation: 2 }]);
    });

    it('fail when their program survives SIGKILL, and the pool can be stopped', async () => {
      const { pool, ask, system } = await fakePool({ size: 1 });
      const { newest } = system;
      Object.assign(newest, { signal: noop, end: noop });
      const observed = ask('a');
      await Promise.all([pool.workers[0]!.stop(), system.pass(60_000)]);
      expect(observed.end).toBeInstanceOf(StopError);
      await pool.stop();
      newest.exit();
    });

    it('wait for a worker that is busy when the others are stopped', async () => {
      const { pool, ask, system, received } = await fakePool({ size: 2 });
      const one = ask('one');
      await Promise.all([pool.workers[1]!.stop(), system.pass(10)]);
      const two = ask('two');
      expect(two.end).toBe('open');
      system.programs[0]!.print('1\n');
      await system.pass(0);
      system.programs[0]!.print('2\n');
      expect([one, two]).toMatchObject([{ values: ['1'] }, { values: ['2'] }]);
      expect(received()[0]).toEqual(['one', 'two']);
    });

    it('that wait for a worker to start are still answered when the pool is stopped', async () => {
      const { pool, ask, system } = await fakePool({ size: 1 });
      system.newest.exit(1);
      const observed = ask('a');
      const stopped = pool.stop();
      await system.pass(10);
      system.newest.print('A\n');
      await Promise.all([stopped, system.pass(10)]);
      expect(observed).toMatchObject({ values: ['A'], end: 'complete' });
    });

    it('may fail by the ten thousand at once', async () => {
      const { pool, ask, system, now } = await fakePool({ size: 1 });
      ask('first');
      let failed = 0;
      const requests$ = from(numbers(10_000)).pipe(
        mergeMap(() =>
          of('a\nb').pipe(
            exchange(pool, { reply }),
            catchError(() => of(failed++)),
          ),
        ),
      );
      const observed = observe(requests$);
      await system.pass(0);
      expect(now()).toMatchObject({ busy: 1, waiting: 10_000 });
      system.newest.print('A\n');
      await eventually(() => observed.end === 'complete');
      expect(failed).toBe(10_000);
      expect(now()).toMatchObject({ idle: 1, waiting: 0 });
    }, 60_000);
  });

  it('warns why an unobserved worker failed', async () => {
    const pool = use(createPool('no-such-program', { size: 2 }));
    pool.workers[1]!.status$.subscribe();
    await first(pool.status$, ({ resting }) => resting === 2);
    await eventually(() => pool.workers[0]!.status$.value.state === 'failed');
    expect(takeWarnings()).toEqual([expect.stringContaining('no-such-program')]);
  });

  it('works for a real program', async () => {
    const pool = use(createPool<string, string>(fixture('greet.sh'), { size: 3 }));
    const pids = pool.workers.map((worker) => until(worker, 'running').then(({ pid }) => pid));
    const replies$ = from(numbers(300)).pipe(exchange(pool, { reply }), toArray());
    expect((await lastValueFrom(replies$)).sort()).toEqual(
      numbers(300)
        .map((n) => `got ${n}`)
        .sort(),
    );
    expect((await Promise.all(pids)).every(isAlive)).toBe(true);
    await pool.stop();
    expect((await Promise.all(pids)).some(isAlive)).toBe(false);
    expect(await first(pool.status$)).toMatchObject({ resting: 3 });
    await expect(
      lastValueFrom(of('a').pipe(exchange(pool, { reply: () => NEVER.pipe(map(String)) }))),
    ).rejects.toBeInstanceOf(NotRunningError);
  });

  it.each<[string, unknown, unknown, ErrorConstructor, string]>([
    ['no options', 'cat', undefined, TypeError, 'options'],
    ['null as options', 'cat', null, TypeError, 'options'],
    ['no size', 'cat', {}, TypeError, 'size'],
    ['size as text', 'cat', { size: '2' }, TypeError, 'size'],
    ['size 0', 'cat', { size: 0 }, RangeError, 'size'],
    ['half a worker', 'cat', { size: 1.5 }, RangeError, 'size'],
    ['a negative size', 'cat', { size: -1 }, RangeError, 'size'],
    ['size NaN', 'cat', { size: NaN }, RangeError, 'size'],
    ['an endless size', 'cat', { size: Infinity }, RangeError, 'size'],
    ['no command', '', { size: 1 }, TypeError, 'command'],
    ['a wrong option of a worker', 'cat', { size: 1, cwd: 1 }, TypeError, 'cwd'],
    ['a policy that is none', 'cat', { size: 1, supervise: 5 }, TypeError, 'supervise'],
    ['wrong recycling', 'cat', { size: 1, recycle: { afterMs: 0 } }, RangeError, 'recycle.afterMs'],
  ])('throws at the call for %s', (_, command, options, error, argument) => {
    const call = () => createPool(command as string, options as PoolOptions);
    expect(call).toThrow(error);
    expect(call).toThrow(argument);
  });
});
