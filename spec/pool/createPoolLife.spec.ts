import { catchError, from, mergeMap, of } from 'rxjs';
import { exchange, NotRunningError, RestartLimitError } from 'simple-ipc';
import { fakePool, reply } from '../support/fakePool.js';
import { observe } from '../support/fakeWorker.js';
import { cleanUp, numbers, watchWarnings } from '../support/programs.js';

describe('createPool, its life', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  describe('status$', () => {
    it('emits each change, from the start to the end', async () => {
      const { pool, system, ask, statuses } = await fakePool({ size: 2 });
      ask('a');
      await system.pass(0);
      system.programs[0]!.print('A\n');
      system.programs[1]!.exit(1);
      await system.pass(10);
      await Promise.all([pool[Symbol.asyncDispose](), system.pass(10)]);
      const [idle, busy, starting, resting] = [1, 1, 1, 1];
      const none = { idle: 0, busy: 0, starting: 0, resting: 0, waiting: 0 };
      expect(statuses).toEqual([
        { ...none, starting: 2 },
        { ...none, starting, idle },
        { ...none, idle: 2 },
        { ...none, idle, busy },
        { ...none, idle: 2 },
        { ...none, idle, starting },
        { ...none, idle: 2 },
        { ...none, idle, starting },
        { ...none, starting: 2 },
        { ...none, starting, resting },
        { ...none, resting: 2 },
      ]);
    });

    it('counts each worker once, whatever happens to it', async () => {
      const { pool, system, ask, statuses } = await fakePool();
      // Output that no request asked for.
      for (const { unsolicited$ } of pool.workers) unsolicited$.subscribe();
      for (let i = 0; i < 20; i++) {
        ask(String(i), { idempotent: i % 2 === 0 });
        if (i % 3 === 0) system.living[i % 2]?.exit(1);
        if (i % 4 === 0) void pool.workers[0]!.restart();
        if (i % 5 === 0) for (const program of system.living) program.print('x\n');
        await system.pass(3);
      }
      for (const { idle, busy, starting, resting } of statuses) {
        expect(idle + busy + starting + resting).toBe(3);
        expect(Math.min(idle, busy, starting, resting)).toBeGreaterThanOrEqual(0);
      }
    });

    it('completes on dispose, as its workers do, and emits the state to a late subscriber', async () => {
      const { pool, system } = await fakePool();
      const observed = observe(pool.status$);
      const workers = pool.workers.map(({ status$ }) => observe(status$));
      expect(observed.values).toMatchObject([{ idle: 3 }]);
      await Promise.all([pool[Symbol.asyncDispose](), system.pass(10)]);
      expect(observed.values.at(-1)).toMatchObject({ resting: 3 });
      expect(observed.end).toBe('complete');
      expect(workers.map(({ end }) => end)).toEqual(['complete', 'complete', 'complete']);
    });
  });

  describe('restarts', () => {
    it('are counted for the pool, not for each worker', async () => {
      const { pool, system, now } = await fakePool({ restart: { maxRestarts: 3 } });
      for (let i = 0; i < 3; i++) {
        system.living[0]!.exit(1);
        await system.pass(10);
      }
      expect(now()).toMatchObject({ idle: 3 });
      expect(system.programs).toHaveLength(6);
      system.living[0]!.exit(1);
      await system.pass(100);
      expect(now()).toMatchObject({ idle: 2, resting: 1 });
      const failed = pool.workers
        .map(({ status$ }) => status$.value)
        .filter((s) => s.state === 'failed');
      expect(failed).toMatchObject([{ error: { name: 'RestartLimitError' } }]);
      expect(failed[0]!.exits.length).toBeGreaterThan(0);
      expect(failed[0]!.error).toHaveProperty('exits.length', 4);
    });

    it('are counted anew when withinMs is over', async () => {
      const { system, now } = await fakePool({ restart: { maxRestarts: 1, withinMs: 1_000 } });
      for (let i = 0; i < 5; i++) {
        system.living[0]!.exit(1);
        await system.pass(1_000);
      }
      expect(now()).toMatchObject({ idle: 3 });
    });

    it('follow a success, too', async () => {
      const { system, now } = await fakePool();
      system.living[0]!.exit(0);
      await system.pass(10);
      expect(now()).toMatchObject({ idle: 3 });
    });

    it('that are used up fail what waits, with the reason', async () => {
      const { ask, system, now } = await fakePool({ size: 2, restart: { maxRestarts: 0 } });
      const asked = ['a', 'b', 'c'].map((request) => ask(request, { idempotent: true }));
      await system.pass(0);
      for (const program of system.programs) program.exit(1);
      await system.pass(0);
      expect(now()).toEqual({ idle: 0, busy: 0, starting: 0, resting: 2, waiting: 0 });
      for (const { end } of asked)
        expect(end).toMatchObject({ name: expect.stringMatching(/^(Restart|Exit)/) });
      expect(asked[2]!.end).toBeInstanceOf(RestartLimitError);
      const late = ask('d');
      await system.pass(0);
      expect(late.end).toBeInstanceOf(RestartLimitError);
    });

    it('that are used up fail whatever waits, by the ten thousand', async () => {
      const { pool, system, now } = await fakePool({ size: 1, restart: { maxRestarts: 0 } });
      let failed = 0;
      const requests$ = from(numbers(10_000)).pipe(
        mergeMap((request) =>
          of(request).pipe(
            exchange(pool, { reply }),
            catchError(() => of(failed++)),
          ),
        ),
      );
      const observed = observe(requests$);
      await system.pass(0);
      expect(now()).toMatchObject({ busy: 1, waiting: 9_999 });
      system.newest.exit(1);
      await system.pass(0);
      expect(observed.end).toBe('complete');
      expect(failed).toBe(10_000);
    });

    it('by hand bring a worker back that had failed', async () => {
      const { pool, ask, system, now, received } = await fakePool({
        size: 1,
        restart: { maxRestarts: 0 },
      });
      system.newest.exit(1);
      await system.pass(0);
      expect(now()).toMatchObject({ resting: 1 });
      pool.workers[0]!.start();
      expect(now()).toMatchObject({ starting: 1, resting: 0 });
      const observed = ask('a');
      await system.pass(0);
      expect(received()).toEqual([[], ['a']]);
      system.newest.print('A\n');
      expect(observed.values).toEqual(['A']);
      expect(now()).toMatchObject({ idle: 1, resting: 0 });
    });
  });

  describe('stop', () => {
    it('finishes what was asked before, the waiting included, and takes no more', async () => {
      const { pool, ask, system, received, now } = await fakePool({ size: 1 });
      const before = [ask('a'), ask('b')];
      const stopped = jest.fn();
      const stop = pool.stop().then(stopped);
      const after = ask('c');
      await system.pass(0);
      expect(after.end).toBeInstanceOf(NotRunningError);
      for (const line of ['A', 'B']) {
        await system.pass(100);
        expect(stopped).not.toHaveBeenCalled();
        system.newest.print(`${line}\n`);
      }
      await Promise.all([stop, system.pass(10)]);
      expect(before).toMatchObject([{ values: ['A'] }, { values: ['B'] }]);
      expect(received()).toEqual([['a', 'b']]);
      expect(system.living).toEqual([]);
      expect(now()).toEqual({ idle: 0, busy: 0, starting: 0, resting: 1, waiting: 0 });
    });

    it('finishes what has to be asked again', async () => {
      const { pool, ask, system } = await fakePool({ size: 2 });
      const observed = ask('a', { idempotent: true });
      await system.pass(0);
      const stop = pool.stop();
      system.programs[0]!.exit(1);
      await system.pass(0);
      system.programs[1]!.print('A\n');
      await Promise.all([stop, system.pass(100)]);
      expect(observed).toMatchObject({ values: ['A'], end: 'complete' });
      expect(system.living).toEqual([]);
    });

    it('settles for everyone who calls it', async () => {
      const { pool, ask, system } = await fakePool({ size: 1 });
      ask('a');
      await system.pass(0);
      const all = [pool.stop(), pool.stop(), pool[Symbol.asyncDispose](), pool.stop()];
      system.newest.print('A\n');
      await system.pass(10);
      await Promise.all([...all, pool.stop(), pool[Symbol.asyncDispose]()]);
      expect(system.living).toEqual([]);
    });

    it('does not wait for what was given up while it waited', async () => {
      const { pool, ask, system } = await fakePool({ size: 1 });
      ask('a');
      const left = ask('b');
      await system.pass(0);
      const stop = pool.stop();
      left.leave();
      system.newest.print('A\n');
      await Promise.all([stop, system.pass(10)]);
      expect(system.living).toEqual([]);
    });
  });
});
