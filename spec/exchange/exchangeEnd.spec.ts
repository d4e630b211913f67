import { EMPTY, from, lastValueFrom, of, take, takeWhile } from 'rxjs';
import { createWorker, exchange, ExitError, StopError, type ReactiveWorker } from 'simple-ipc';
import { fakeWorker, observe } from '../support/fakeWorker.js';
import { cleanUp, fixture, record, until, use, watchWarnings } from '../support/programs.js';

const reply = take<string>(1);
const lowerCase = (line: string) => line.toLowerCase();

describe('exchange, when a run ends', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  it('fails what is under way with ExitError', async () => {
    const { worker, system, program } = await fakeWorker();
    const observed = observe(from(['a', 'b']).pipe(exchange(worker, { reply })));
    await system.pass(0);
    program.exit(3);
    expect(observed.end).toBeInstanceOf(ExitError);
    expect(observed.end).toMatchObject({ exit: { code: 3, generation: 1 } });
    await system.pass(100);
    expect(system.newest!.received).toEqual([]);
  });

  it.each([0, 3])('fails with ExitError whatever the exit: %d', async (code) => {
    const { worker, system, program } = await fakeWorker();
    const observed = observe(of('a').pipe(exchange(worker, { reply, concurrency: 2 })));
    await system.pass(0);
    program.exit(code);
    expect(observed.end).toMatchObject({ name: 'ExitError', exit: { code } });
  });

  it('fails what is under way when somebody restarts the worker', async () => {
    const { worker, system } = await fakeWorker();
    const observed = observe(of('a').pipe(exchange(worker, { reply })));
    await system.pass(0);
    await Promise.all([worker.restart(), system.pass(10)]);
    expect(observed.end).toMatchObject({ name: 'ExitError', exit: { reason: 'recycled' } });
  });

  it.each([
    ['in turn', { reply }],
    ['by key', { key: lowerCase }],
  ])('fails %s what is under way when its program survives SIGKILL', async (_, options) => {
    const { worker, system, program } = await fakeWorker({ temper: 'immortal' });
    const observed = observe(of('a').pipe(exchange(worker, options as { reply: typeof reply })));
    await system.pass(0);
    await Promise.all([worker.stop(), system.pass(60_000)]);
    expect(observed.end).toBeInstanceOf(StopError);
    program.exit();
  });

  it('takes an unterminated last line for the reply if the program exits with success', async () => {
    const { worker, system, program } = await fakeWorker();
    const observed = observe(of('a').pipe(exchange(worker, { reply })));
    await system.pass(0);
    program.print('A');
    program.exit(0);
    expect(observed).toMatchObject({ values: ['A'], end: 'complete' });
  });

  it('asks what waits for its turn of the next run', async () => {
    const { worker, system, program } = await fakeWorker();
    const one = observe(of('a').pipe(exchange(worker, { reply })));
    const two = observe(of('b').pipe(exchange(worker, { reply })));
    await system.pass(0);
    program.exit(1);
    await system.pass(10);
    expect(one.end).toBeInstanceOf(ExitError);
    expect(system.newest!.received).toEqual(['b']);
    system.newest!.print('B\n');
    expect(two.values).toEqual(['B']);
  });

  it.each([
    ['in turn', (worker: ReactiveWorker<string, string>) => exchange(worker, { reply })],
    ['by key', (worker: ReactiveWorker<string, string>) => exchange(worker, { key: lowerCase })],
  ])(
    'asks the next run, once, when the input of this one was completed before (%s)',
    async (_, by) => {
      const fake = await fakeWorker();
      const { worker, system } = fake;
      worker.send.next('last');
      worker.send.complete();
      const all = ['a', 'b'].map((request) => observe(of(request).pipe(by(worker))));
      for (const answer of ['A\n', 'B\n']) {
        await system.pass(10);
        system.newest!.print(answer);
      }
      await system.pass(10);
      expect(fake.received).toEqual([['last'], ['a', 'b']]);
      expect(all).toMatchObject([
        { values: ['A'], end: 'complete' },
        { values: ['B'], end: 'complete' },
      ]);
    },
  );

  it('fails what could not be written, and asks it of no other run', async () => {
    const { worker, system, program } = await fakeWorker();
    const observed = observe(of('a').pipe(exchange(worker, { reply })));
    program.exit(1);
    expect(observed.end).toMatchObject({ name: 'InputClosedError' });
    await system.pass(100);
    expect(system.programs.map(({ received }) => received)).toEqual([[], []]);
  });

  describe('and the request is idempotent', () => {
    it('asks again after the restart, and emits the reply anew', async () => {
      const { worker, system, program, recorded } = await fakeWorker();
      const untilDot = takeWhile((line: string) => line !== '.');
      const observed = observe(
        from(['a', 'b']).pipe(exchange(worker, { reply: untilDot, idempotent: true })),
      );
      await system.pass(0);
      program.print('A1\n');
      program.exit(1);
      await system.pass(9);
      expect(recorded.states.at(-1)).toBe('backoff');
      await system.pass(1);
      expect(system.newest!.received).toEqual(['a']);
      system.newest!.print('A1\n.\n');
      await system.pass(0);
      expect(observed.values).toEqual(['A1', 'A1']);
      expect(system.newest!.received).toEqual(['a', 'b']);
    });

    it.each<[{ maxAttempts?: number }, number]>([
      [{}, 3],
      [{ maxAttempts: 1 }, 1],
      [{ maxAttempts: 2 }, 2],
    ])('asks with %j %d times at most', async (limit, times) => {
      const { worker, system } = await fakeWorker();
      const observed = observe(
        of('a').pipe(exchange(worker, { reply, idempotent: true, ...limit })),
      );
      await system.pass(0);
      for (let i = 1; i <= 5; i++) {
        system.newest!.exit(i);
        await system.pass(10);
      }
      expect(system.programs.filter(({ received }) => received.length > 0)).toHaveLength(times);
      expect(observed.end).toMatchObject({ name: 'ExitError', exit: { code: times } });
    });

    it('asks for ever if maxAttempts is Infinity', async () => {
      const { worker, system } = await fakeWorker({ restart: { maxRestarts: Infinity } });
      const options = { reply, idempotent: true, maxAttempts: Infinity };
      const observed = observe(of('a').pipe(exchange(worker, options)));
      await system.pass(0);
      for (let i = 1; i <= 20; i++) {
        system.newest!.exit(1);
        await system.pass(10);
      }
      expect(system.programs.map(({ received }) => received)).toEqual(Array(21).fill(['a']));
      expect(observed.end).toBe('open');
    });

    it('goes on with the next request when one has killed every run', async () => {
      const { worker, system } = await fakeWorker();
      const one = observe(of('a').pipe(exchange(worker, { reply, idempotent: true })));
      const two = observe(of('b').pipe(exchange(worker, { reply, idempotent: true })));
      for (let i = 0; i < 3; i++) {
        await system.pass(10);
        system.newest!.exit(1);
      }
      await system.pass(10);
      expect(one.end).toBeInstanceOf(ExitError);
      system.newest!.print('B\n');
      expect(two.values).toEqual(['B']);
    });

    it('asks again what could not be written', async () => {
      const { worker, system, program } = await fakeWorker();
      const observed = observe(of('a').pipe(exchange(worker, { reply, idempotent: true })));
      program.exit(1);
      await system.pass(10);
      expect(system.newest!.received).toEqual(['a']);
      system.newest!.print('A\n');
      expect(observed).toMatchObject({ values: ['A'], end: 'complete' });
    });

    it('asks again what could not be written, even if it has no reply', async () => {
      const { worker, system, program } = await fakeWorker();
      const options = { reply: () => EMPTY, idempotent: true };
      const observed = observe(of('a').pipe(exchange(worker, options)));
      program.exit(1);
      await system.pass(9);
      expect(observed.end).toBe('open');
      await system.pass(1);
      await system.pass(0);
      expect(system.newest!.received).toEqual(['a']);
      expect(observed.end).toBe('complete');
    });

    it('has timeoutMs anew each time', async () => {
      const { worker, system, program } = await fakeWorker();
      const options = { reply, idempotent: true, timeoutMs: 50 };
      const observed = observe(of('a').pipe(exchange(worker, options)));
      await system.pass(40);
      program.exit(1);
      await system.pass(10 + 40);
      expect(observed.end).toBe('open');
      await system.pass(10);
      expect(observed.end).toMatchObject({ name: 'ReplyTimeoutError' });
    });

    it('fails with ExitError when nothing restarts the program', async () => {
      const { worker, system, program } = await fakeWorker({ restart: { maxRestarts: 0 } });
      const observed = observe(of('a').pipe(exchange(worker, { reply, idempotent: true })));
      await system.pass(0);
      program.exit(3);
      await system.pass(0);
      expect(worker.status$.value.state).toBe('failed');
      expect(observed.end).toMatchObject({ name: 'ExitError', exit: { code: 3 } });
    });

    it('fails with ExitError when the worker is stopped', async () => {
      const { worker, system } = await fakeWorker();
      const observed = observe(of('a').pipe(exchange(worker, { reply, idempotent: true })));
      await system.pass(0);
      await Promise.all([worker.stop(), system.pass(10)]);
      expect(observed.end).toMatchObject({ name: 'ExitError', exit: { reason: 'stopped' } });
    });

    it('is not asked again when it was left', async () => {
      const { worker, system, program } = await fakeWorker();
      const options = { reply, idempotent: true, concurrency: 2 };
      const observed = observe(of('a').pipe(exchange(worker, options)));
      await system.pass(0);
      program.exit(1);
      observed.leave();
      await system.pass(10);
      expect(system.programs.map(({ received }) => received)).toEqual([['a'], []]);
    });
  });

  it('fails what a real program died of', async () => {
    const worker = use(createWorker<string, string>(fixture('obey.sh'), { successExits: [0, 4] }));
    record(worker);
    await until(worker, 'running');
    const replies$ = from(['a', 'exit 4']).pipe(exchange(worker, { reply }));
    await expect(lastValueFrom(replies$)).rejects.toMatchObject({ exit: { code: 4 } });
  });
});
