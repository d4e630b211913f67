import { getEventListeners } from 'node:events';
import { from, map, NEVER, range, Subject, take, takeWhile, type Observable } from 'rxjs';
import { createPool, createWorker, exchange } from 'simple-ipc';
import { fakeWorker, observe } from '../support/fakeWorker.js';
import { cleanUp, numbers, use, watchWarnings } from '../support/programs.js';

describe('exchange, its options', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  const reply = take<string>(1);

  describe('concurrency', () => {
    const byId = (output$: Observable<string>, request: string) =>
      output$.pipe(
        takeWhile((line) => line !== request, true),
        map((line) => `${request} hears ${line}`),
      );

    it('lets so many requests be under way', async () => {
      const { worker, system, program } = await fakeWorker();
      const options = { reply: byId, concurrency: 2 };
      const observed = observe(from(['a', 'b', 'c']).pipe(exchange(worker, options)));
      await system.pass(0);
      expect(program.received).toEqual(['a', 'b']);
      program.print('b\n');
      await system.pass(0);
      expect(program.received).toEqual(['a', 'b', 'c']);
      program.print('c\na\n');
      expect(observed.end).toBe('complete');
      expect(observed.values).toEqual([
        'a hears b',
        'b hears b',
        'a hears c',
        'c hears c',
        'a hears a',
      ]);
    });

    it('may be without limit', async () => {
      const { worker, system, program } = await fakeWorker();
      const observed = observe(
        range(0, 100).pipe(map(String), exchange(worker, { reply: byId, concurrency: Infinity })),
      );
      await system.pass(0);
      expect(program.received).toHaveLength(100);
      program.print(numbers(100).join('\n') + '\n');
      expect(observed.end).toBe('complete');
    });

    it('does not end the run when one of them is given up', async () => {
      const { worker, system, program, recorded } = await fakeWorker();
      const options = { reply: byId, concurrency: 2, timeoutMs: 5 };
      const observed = observe(from(['a', 'b']).pipe(exchange(worker, options)));
      await system.pass(10);
      expect(observed.end).toMatchObject({ name: 'ReplyTimeoutError' });
      expect(program.isAlive).toBe(true);
      expect(recorded.states).toEqual(['starting', 'running']);
    });
  });

  describe('signal', () => {
    it('ends the exchanges with its reason, and takes its listener away', async () => {
      const { worker, system, program } = await fakeWorker();
      const controller = new AbortController();
      const { signal } = controller;
      const observed = observe(from(['a', 'b']).pipe(exchange(worker, { reply, signal })));
      await system.pass(0);
      expect(getEventListeners(signal, 'abort')).toHaveLength(1);
      controller.abort(new Error('enough'));
      expect(observed.end).toEqual(new Error('enough'));
      expect(getEventListeners(signal, 'abort')).toEqual([]);
      program.print('A\n');
      await system.pass(0);
      expect(program.received).toEqual(['a']);
    });

    it('that is aborted already asks nothing', async () => {
      const { worker, system, program } = await fakeWorker();
      const signal = AbortSignal.abort(new Error('before'));
      const source$ = new Subject<string>();
      const observed = observe(source$.pipe(exchange(worker, { reply, signal })));
      expect(source$.observed).toBe(false);
      await system.pass(0);
      expect(observed.end).toEqual(new Error('before'));
      expect(program.received).toEqual([]);
    });
  });

  describe('wrong arguments', () => {
    const worker = createWorker<string, string>('echo', { start: false });
    const pool = () => use(createPool<string, string>('cat', { size: 1 }));
    const key = (line: string) => line;

    it.each<[string, () => unknown, unknown, ErrorConstructor, string]>([
      ['no worker', () => undefined, { reply }, TypeError, 'worker'],
      ['no worker, by key', () => undefined, { key }, TypeError, 'worker'],
      ['what only looks like a worker', () => ({ ...worker }), { reply }, TypeError, 'worker'],
      ['what only looks like it, by key', () => ({ ...worker }), { key }, TypeError, 'worker'],
      ['no options', () => worker, undefined, TypeError, 'options'],
      ['null as options', () => worker, null, TypeError, 'options'],
      ['a function as options', () => worker, reply, TypeError, 'options'],
      ['neither reply nor key', () => worker, {}, TypeError, 'reply or key'],
      ['both of them', () => worker, { reply, key }, TypeError, 'reply or key'],
      ['reply that is no function', () => worker, { reply: NEVER }, TypeError, 'reply'],
      ['key that is no function', () => worker, { key: 'id' }, TypeError, 'key'],
      ['a pool by key', pool, { key }, TypeError, 'key'],
      ['concurrency 0', () => worker, { reply, concurrency: 0 }, RangeError, 'concurrency'],
      ['concurrency NaN', () => worker, { key, concurrency: NaN }, RangeError, 'concurrency'],
      ['concurrency as text', () => worker, { key, concurrency: '1' }, TypeError, 'concurrency'],
      ['a negative timeoutMs', () => worker, { reply, timeoutMs: -1 }, RangeError, 'timeoutMs'],
      ['timeoutMs as text', () => worker, { key, timeoutMs: '1' }, TypeError, 'timeoutMs'],
      ['maxAttempts 0', () => worker, { reply, maxAttempts: 0 }, RangeError, 'maxAttempts'],
      [
        'attempts without a word on idempotent',
        () => worker,
        { reply, maxAttempts: 5 },
        TypeError,
        'say idempotent',
      ],
      ['half of an attempt', () => worker, { reply, maxAttempts: 1.5 }, RangeError, 'maxAttempts'],
      ['idempotent as text', () => worker, { reply, idempotent: 'no' }, TypeError, 'idempotent'],
      ['a signal that is none', () => worker, { reply, signal: {} }, TypeError, 'signal'],
    ])('throws at the call for %s', (_, workerOf, options, error, argument) => {
      const given: any = workerOf();
      const call = () => exchange(given, options as never);
      expect(call).toThrow(error);
      expect(call).toThrow(argument);
    });
  });
});
