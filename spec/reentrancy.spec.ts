import {
  delay,
  from,
  identity,
  NEVER,
  of,
  pipe,
  retry,
  shareReplay,
  take,
  VirtualTimeScheduler,
  type Observable,
  type MonoTypeOperatorFunction,
} from 'rxjs';
import {
  createWorker,
  exchange,
  lifeOf,
  lines,
  NotRunningError,
  restartOnExit,
  type WorkerStatus,
} from 'simple-ipc';
import { advance, fakeProgram } from 'simple-ipc/testing';
import { fakePool } from './support/fakePool.js';
import { fakeWorker, observe } from './support/fakeWorker.js';
import {
  cleanUp,
  eventually,
  first,
  record,
  sh,
  takeWarnings,
  use,
  watchWarnings,
} from './support/programs.js';

const key = (line: string) => line;

// An end has several steps, and subscribers are called between them.
describe('a subscriber that is called at an end', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  describe('of an input that is lost with its run', () => {
    it('may stop the worker: nothing follows', async () => {
      const { worker, recorded, system, program } = await fakeWorker();
      worker.rejected$.subscribe(() => void worker.stop());
      worker.send.next('in flight');
      await Promise.resolve();
      program.crash();
      await system.pass(60_000);
      expect(recorded.states).toEqual(['starting', 'running', 'stopping eof', 'stopped']);
      worker.start();
      await system.pass(0);
      expect(recorded.states.at(-1)).toBe('running');
    });

    it('may restart the worker: one run follows', async () => {
      const { worker, recorded, system, program } = await fakeWorker();
      worker.rejected$.subscribe(() => void worker.restart());
      worker.send.next('in flight');
      await Promise.resolve();
      program.crash();
      await system.pass(60_000);
      const run = ['starting', 'running'];
      expect(recorded.states).toEqual([...run, 'stopping eof', ...run]);
    });

    it('may stop a real program that has left its stdin to another', async () => {
      const program = sh('exec 3<&0; (exec sleep 1000 <&3) & echo there; read line; exit 1');
      const stop = { endInputMs: 50, terminateMs: 50, killMs: 50, drainMs: 50 };
      const worker = use(createWorker(program, { stop }));
      const { states } = record(worker);
      await first(worker.output$);
      const settled = new Promise<void>((resolve) => {
        worker.rejected$.subscribe(() => resolve(worker.stop()));
      });
      worker.send.next('go');
      worker.send.next('x'.repeat(4_000_000));
      await settled;
      expect(states.at(-1)).toBe('stopped');
      const recorded = states.length;
      worker.start();
      await first(worker.output$);
      expect(states.slice(recorded)).toEqual(['starting', 'running']);
    });
  });

  describe('of a run that is restarted, with an exchange under way,', () => {
    it('may stop the worker: no other begins', async () => {
      const { worker, recorded, system } = await fakeWorker();
      from(['a'])
        .pipe(exchange(worker, { key }))
        .subscribe({ error: () => void worker.stop() });
      await system.pass(0);
      void worker.restart();
      await system.pass(60_000);
      expect(recorded.states).toEqual(['starting', 'running', 'stopping eof', 'stopped']);
      expect(recorded.statuses.at(-1)).toMatchObject({
        exit: { generation: 1, reason: 'recycled' },
      });
      expect(system.programs.map(({ isAlive }) => isAlive)).toEqual([false]);
    });

    it('may restart it: one other begins', async () => {
      const { worker, recorded, system } = await fakeWorker();
      from(['a'])
        .pipe(exchange(worker, { key }))
        .subscribe({ error: () => void worker.restart() });
      await system.pass(0);
      void worker.restart();
      await system.pass(60_000);
      const run = ['starting', 'running'];
      expect(recorded.states).toEqual([...run, 'stopping eof', ...run]);
      expect(system.programs.map(({ isAlive }) => isAlive)).toEqual([false, true]);
      await Promise.all([worker.stop(), system.pass(60_000)]);
      expect(system.programs.some(({ isAlive }) => isAlive)).toBe(false);
    });
  });

  describe('of an input that no run follows for', () => {
    const restart = { when: 'always', delayMs: 1_000 } as const;

    it('may start the worker: the old life is emitted to its end before', async () => {
      const { worker, recorded, system, program } = await fakeWorker({ restart });
      worker.rejected$.subscribe(() => worker.start());
      program.exit(1);
      await system.pass(0);
      worker.send.next('waits');
      await Promise.all([worker.stop(), system.pass(0)]);
      const run = ['starting', 'running'];
      expect(recorded.states).toEqual([...run, 'exited', 'backoff', 'stopped', ...run]);
    });

    it('may send it again, to the life that it starts', async () => {
      const { worker, recorded, system, program } = await fakeWorker({ restart });
      worker.rejected$.subscribe(({ value }) => {
        worker.start();
        worker.send.next(`${value} again`);
      });
      program.exit(1);
      await system.pass(0);
      worker.send.next('waits');
      await Promise.all([worker.stop(), system.pass(0)]);
      expect(recorded.states.at(-1)).toBe('running');
      expect(system.programs.map(({ received }) => received)).toEqual([[], ['waits again']]);
      expect(recorded.rejected.map(({ value }) => value)).toEqual(['waits']);
    });

    it('may start the worker and stop it: it rests once', async () => {
      const { worker, recorded, system, program } = await fakeWorker({ restart });
      worker.rejected$.subscribe(() => {
        worker.start();
        void worker.stop();
      });
      program.exit(1);
      await system.pass(0);
      worker.send.next('waits');
      await Promise.all([worker.stop(), system.pass(60_000)]);
      const run = ['starting', 'running'];
      expect(recorded.states).toEqual([...run, 'exited', 'backoff', 'stopped']);
    });
  });

  describe('of a program that survives SIGKILL', () => {
    async function survive() {
      const scheduler = new VirtualTimeScheduler();
      const program = fakeProgram(() => NEVER, {
        ignores: ['eof', 'SIGTERM', 'SIGKILL'],
        scheduler,
      });
      const worker = use(createWorker<string, string>('fake', program.options));
      const recorded = record(worker);
      await advance(scheduler, 0);
      return { worker, program, recorded, pass: (ms: number) => advance(scheduler, ms) };
    }

    it('has what it sends rejected, when the program is gone as well', async () => {
      const { worker, program, recorded, pass } = await survive();
      await Promise.all([worker.stop(), pass(60_000)]);
      worker.send.next('a');
      program.lastRun.exit();
      await pass(0);
      worker.send.next('b');
      const asked = observe(from(['c']).pipe(exchange(worker, { reply: take(1) })));
      await pass(0);
      expect(recorded.rejected.map(({ value }) => value)).toEqual(['a', 'b', 'c']);
      expect(asked.end).toBeInstanceOf(NotRunningError);
    });

    it('gets its error, as do those that wait for its life or come later, and no program', async () => {
      const scheduler = new VirtualTimeScheduler();
      const ignores = ['eof', 'SIGTERM', 'SIGKILL'] as const;
      const program = fakeProgram(() => NEVER, { ignores, scheduler });
      const life$ = lifeOf('fake', program.options);
      const watching = life$.subscribe();
      await advance(scheduler, 0);
      const waiting = observe(life$);
      watching.unsubscribe();
      await advance(scheduler, 60_000);
      expect(waiting).toMatchObject({ values: [], end: { name: 'StopError' } });
      const again = observe(life$.pipe(retry(3)));
      await advance(scheduler, 10);
      expect(again).toMatchObject({ values: [], end: { name: 'StopError' } });
      expect(program.runs.length).toBe(1);
      const last = observe(life$);
      // It is gone before the error is emitted.
      program.lastRun.exit();
      await advance(scheduler, 10);
      expect(last).toMatchObject({ values: [], end: { name: 'StopError' } });
    });

    it('still refuses what is sent when a write to it fails before it is gone', async () => {
      const { worker, program, recorded, pass } = await survive();
      let failWrite: ((error: Error) => void) | undefined;
      const write = (_: unknown, done: () => void) => (failWrite = done);
      Object.assign(program.lastRun, { write });
      worker.send.next('a');
      await Promise.all([worker.stop(), pass(60_000)]);
      failWrite?.(new Error('EPIPE'));
      program.lastRun.exit();
      await pass(0);
      worker.send.next('b');
      const refused = { name: 'NotRunningError' };
      expect(recorded.rejected).toMatchObject([
        { value: 'a', error: refused },
        { value: 'b', error: refused },
      ]);
    });

    it('has it rejected though a start was remembered, which does not come', async () => {
      const { worker, program, recorded, pass } = await survive();
      const stopped = worker.stop();
      worker.start();
      worker.send.next('a');
      await Promise.all([stopped, pass(60_000)]);
      worker.send.next('b');
      expect(recorded.rejected.map(({ value }) => value)).toEqual(['a', 'b']);
      expect(recorded.states.at(-1)).toBe('failed');
      expect(takeWarnings()).toEqual([expect.stringContaining('was not started')]);
      program.lastRun.exit();
      await pass(0);
      expect(recorded.states.at(-1)).toBe('failed');
    });
  });

  describe('of a life', () => {
    it('may begin another and wait for that: its promises are of the other', async () => {
      const { worker, recorded, system, program } = await fakeWorker({ temper: 'deaf' });
      let settledIn: string | undefined;
      const subscription = worker.status$.subscribe(({ state }) => {
        if (state !== 'stopped') return;
        subscription.unsubscribe();
        worker.start();
        void worker.restart().then(() => (settledIn = recorded.states.at(-1)));
      });
      await Promise.all([worker.stop(), system.pass(60_000)]);
      expect(program.isAlive).toBe(false);
      expect(settledIn).toBe('running');
      expect(recorded.statuses.at(-1)).toMatchObject({ state: 'running', generation: 3 });
    });

    it('may stop again: the start that was remembered does not come', async () => {
      const { worker, recorded, system } = await fakeWorker({ temper: 'deaf' });
      worker.status$.subscribe(({ state }) => {
        if (state === 'stopped') void worker.stop();
      });
      const stopped = worker.stop();
      worker.start();
      worker.send.next('a');
      await Promise.all([stopped, system.pass(60_000)]);
      worker.send.next('b');
      expect(recorded.states.at(-1)).toBe('stopped');
      expect(system.programs.length).toBe(1);
      const refused = { name: 'NotRunningError' };
      expect(recorded.rejected).toMatchObject([
        { value: 'a', error: refused },
        { value: 'b', error: refused },
      ]);
    });

    it('by way of a pool may stop its worker: it rests once', async () => {
      const { pool, ask, system } = await fakePool({ size: 1, restart: { maxRestarts: 0 } });
      const [worker] = pool.workers as [(typeof pool.workers)[0]];
      const { states } = record(worker);
      ask('asked');
      of('waiting')
        .pipe(exchange(pool, { reply: take<string>(1) }))
        .subscribe({ error: () => void worker.stop() });
      await system.pass(0);
      system.newest.exit(1);
      await system.pass(100);
      expect(states).toEqual(['running', 'exited', 'failed']);
    });

    it('by way of a pool may start its worker: the failure is emitted before', async () => {
      const { pool, ask, system } = await fakePool({ size: 1, restart: { maxRestarts: 0 } });
      const [worker] = pool.workers as [(typeof pool.workers)[0]];
      const { states } = record(worker);
      ask('asked');
      const waiting = ask('waiting');
      worker.status$.subscribe(({ state }) => {
        if (state === 'failed') worker.start();
      });
      await system.pass(0);
      system.newest.exit(1);
      await system.pass(100);
      expect(states).toEqual(['running', 'exited', 'failed', 'starting', 'running']);
      expect(waiting.end).toMatchObject({ name: 'RestartLimitError' });
      expect(await first(pool.status$)).toMatchObject({ idle: 1, resting: 0 });
    });
  });

  it('of a run that is running may restart it: that settles when the next one is', async () => {
    const { worker, recorded, system } = await fakeWorker({ start: false });
    let settledIn: unknown;
    const subscription = worker.status$.subscribe(({ state }) => {
      if (state !== 'running') return;
      subscription.unsubscribe();
      void worker.restart().then(() => (settledIn = recorded.statuses.at(-1)));
    });
    worker.start();
    await system.pass(60_000);
    expect(settledIn).toMatchObject({ state: 'running', generation: 2 });
  });

  describe('of a run, and has the next one begin,', () => {
    it.each<[string, MonoTypeOperatorFunction<WorkerStatus>]>([
      [
        'a policy that keeps its source',
        pipe(restartOnExit(), shareReplay({ bufferSize: 1, refCount: false })),
      ],
      ['restartOnExit', restartOnExit({ when: 'always', delayMs: 10 })],
    ])('may stop it as it starts, under %s', async (_, policy) => {
      const { worker, recorded, system, program } = await fakeWorker({ supervise: policy });
      const stopped = new Promise<void>((resolve) => {
        worker.status$.subscribe(({ state }) => {
          if (state !== 'running' || recorded.statuses.length > 2) resolve(worker.stop());
        });
      });
      program.exit(1);
      await Promise.all([stopped, system.pass(60_000)]);
      expect(recorded.states.at(-1)).toBe('stopped');
      expect(system.programs.some(({ isAlive }) => isAlive)).toBe(false);
    });

    it('begins none for a policy whose time is over', async () => {
      const sources: Observable<unknown>[] = [];
      const supervise: MonoTypeOperatorFunction<WorkerStatus> = (run$) => {
        sources.push(run$);
        return run$;
      };
      const { worker, recorded, system } = await fakeWorker({ supervise });
      await Promise.all([worker.stop(), system.pass(60_000)]);
      const late = observe(sources[0]!);
      await system.pass(60_000);
      expect(recorded.states.at(-1)).toBe('stopped');
      expect(system.programs.length).toBe(1);
      expect(late).toMatchObject({ values: [], end: 'open' });
    });

    it('is overruled by a later start', async () => {
      const { worker, recorded, system, program } = await fakeWorker({ supervise: identity });
      let isFirst = true;
      worker.status$.subscribe(({ state }) => {
        if (state === 'exited' && isFirst) void worker.restart();
        isFirst = isFirst && state !== 'exited';
      });
      worker.status$.subscribe(({ state, ...status }) => {
        const isOld = 'exit' in status && status.exit.generation === 1;
        if (state === 'exited' && isOld) worker.start();
      });
      program.exit(0);
      await system.pass(10);
      expect(recorded.states.slice(2)).toEqual(['exited', 'starting', 'running']);
      system.newest!.exit(0);
      await system.pass(60_000);
      expect(recorded.states.at(-1)).toBe('exited');
      expect(system.programs.length).toBe(2);
    });
  });

  describe('from inside of its own codec', () => {
    const text = lines();

    it('fails the run, not the host, when `decoder` throws', async () => {
      let runs = 0;
      const { worker, recorded, system } = await fakeWorker({
        codec: {
          ...text,
          decoder: (...args) => {
            if (++runs === 2) throw new RangeError('oh');
            return text.decoder(...args);
          },
        },
        supervise: identity,
      });
      await Promise.all([worker.restart(), system.pass(60_000)]);
      expect(recorded.states.at(-1)).toBe('failed');
      const { error } = worker.status$.value as { error?: Error };
      expect(error).toMatchObject({ name: 'FramingError', cause: expect.any(RangeError) as Error });
      expect(system.programs.some(({ isAlive }) => isAlive)).toBe(false);
    });

    it('may stop the worker: what it encodes is rejected', async () => {
      const fake = await fakeWorker({
        codec: {
          ...text,
          encode: (value: string) => {
            void worker.stop();
            return text.encode(value);
          },
        },
        restart: { delayMs: 1_000 },
      });
      const { worker, recorded, system, program } = fake;
      program.exit(1);
      await system.pass(0);
      worker.send.next('a');
      await system.pass(60_000);
      expect(recorded.rejected).toMatchObject([{ value: 'a', error: { name: 'NotRunningError' } }]);
      expect(recorded.states.at(-1)).toBe('stopped');
    });
  });

  describe('from inside of an exchange', () => {
    it('asks the run that comes when `reply` restarts the worker', async () => {
      const fake = await fakeWorker();
      const { worker, system } = fake;
      let restarts = 0;
      const reply = (output$: Observable<string>) => {
        if (restarts++ === 0) void worker.restart();
        return output$.pipe(take(1));
      };
      const one = observe(from(['a']).pipe(exchange(worker, { reply })));
      const two = observe(from(['b']).pipe(exchange(worker, { reply })));
      await system.pass(10);
      system.newest!.print('A\n');
      await system.pass(10);
      system.newest!.print('B\n');
      expect(fake.received).toEqual([[], ['a', 'b']]);
      expect([one.values, two.values]).toEqual([['A'], ['B']]);
    });

    it('asks nothing when `key` leaves it', async () => {
      const fake = await fakeWorker();
      const { worker, system } = fake;
      const leaving = observe(
        from(['a']).pipe(
          delay(0),
          exchange(worker, {
            key: (line: string) => {
              leaving.leave();
              return line;
            },
          }),
        ),
      );
      await new Promise((resolve) => setTimeout(resolve, 5));
      await system.pass(10);
      expect(fake.received).toEqual([[]]);
    });
  });

  it('of a program that does not exist may try again for ever, and the host goes on', async () => {
    const worker = use(createWorker('no-such-program', { supervise: retry(), start: false }));
    let runs = 0;
    worker.status$.subscribe(({ state }) => (runs += Number(state === 'starting')));
    worker.start();
    await eventually(() => runs > 20);
    await worker.stop();
    expect(worker.status$.value.state).toBe('stopped');
  });
});
