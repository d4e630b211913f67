import {
  bufferCount,
  concatMap,
  concatWith,
  EMPTY,
  filter,
  firstValueFrom,
  from,
  interval,
  lastValueFrom,
  map,
  mergeMap,
  NEVER,
  of,
  pipe,
  retry,
  take,
  tap,
  throwError,
  timer,
  toArray,
  VirtualTimeScheduler,
  type Observable,
} from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import {
  bytes,
  contentLength,
  createPool,
  createWorker,
  exchange,
  ExitError,
  fromCommand,
  jsonLines,
  lifeOf,
  ReplyTimeoutError,
  restartOnExit,
  RestartLimitError,
  SpawnError,
  StopError,
  through,
  type WorkerOptions,
} from 'simple-ipc';
import { advance, fakeProgram, type FakeProgram } from 'simple-ipc/testing';
import { cleanUp, record, until, use, watchWarnings } from './support/programs.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A service as users write them: nothing in it is there for its tests but the last parameter. */
class Oracle implements AsyncDisposable {
  readonly worker;
  readonly isUp$: Observable<boolean>;

  constructor(options: WorkerOptions = {}) {
    const supervise = restartOnExit({ delayMs: 1_000, jitter: false, maxRestarts: 2 });
    this.worker = createWorker(['oracle', '--wise'], {
      supervise,
      ready: (output$, write) => {
        write('hello');
        return output$.pipe(filter((line) => line === 'welcome'));
      },
      ...options,
    });
    this.isUp$ = this.worker.status$.pipe(map(({ state }) => state === 'running'));
  }

  ask(question: string): Observable<string> {
    return of(question).pipe(exchange(this.worker, { reply: take(1), timeoutMs: 5_000 }));
  }

  [Symbol.asyncDispose]() {
    return this.worker[Symbol.asyncDispose]();
  }
}

const answers: Readonly<Record<string, readonly string[]>> = {
  hello: ['welcome'],
  'to be?': ['or not to be'],
  silence: [],
};
const oracle = concatMap((line: string) => answers[line] ?? ['what?']);

describe('fakeProgram', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  /** A service whose program is a fake in virtual time. */
  async function consult() {
    const scheduler = new VirtualTimeScheduler();
    const program = fakeProgram(oracle, { scheduler });
    const service = use(new Oracle(program.options));
    await advance(scheduler, 0);
    return { scheduler, program, service, pass: (ms: number) => advance(scheduler, ms) };
  }

  describe('under a service', () => {
    it('answers, without any time passing', async () => {
      const { service } = await consult();
      expect(await firstValueFrom(service.ask('to be?'))).toBe('or not to be');
      expect(await firstValueFrom(service.ask('why?'))).toBe('what?');
    });

    it('shows what was run and what it read', async () => {
      const { service, program } = await consult();
      await firstValueFrom(service.ask('to be?'));
      expect(program.lastRun.command).toEqual(['oracle', '--wise']);
      expect(program.lastRun.received).toEqual(['hello', 'to be?']);
    });

    it('crashes on command, and is restarted in virtual time by the policy of its worker', async () => {
      const { service, program, pass } = await consult();
      const { states } = record(service.worker);
      program.lastRun.crash();
      await pass(999);
      expect(program.runs.length).toBe(1);
      await pass(1);
      expect(program.runs.map(({ isAlive }) => isAlive)).toEqual([false, true]);
      expect(states).toEqual(['running', 'exited', 'backoff', 'starting', 'running']);
      expect(await firstValueFrom(service.ask('to be?'))).toBe('or not to be');
    });

    it('is given up when it crashes too often', async () => {
      const { service, program, pass } = await consult();
      record(service.worker);
      for (let crashes = 0; crashes < 3; crashes++) {
        program.lastRun.crash('SIGABRT');
        await pass(10_000);
      }
      const { error } = await until(service.worker, 'failed');
      expect(error).toBeInstanceOf(RestartLimitError);
      expect(error.cause).toMatchObject({ exit: { signal: 'SIGABRT' } });
    });

    it('lets an exchange time out in virtual time', async () => {
      const { service, pass } = await consult();
      const error = jest.fn();
      service.ask('silence').subscribe({ error });
      await pass(4_999);
      expect(error).not.toHaveBeenCalled();
      await pass(1);
      expect(error).toHaveBeenCalledWith(expect.any(ReplyTimeoutError));
    });
  });

  describe('in whatever runs programs', () => {
    const doubler = () => fakeProgram(map((line) => Number(line) * 2));

    it('is a worker', async () => {
      const worker = use(createWorker('doubler', doubler().options));
      const { states, output } = record(worker);
      worker.send.next(21);
      worker.send.complete();
      await until(worker, 'exited');
      expect({ states, output }).toEqual({
        states: ['starting', 'running', 'exited'],
        output: ['42'],
      });
    });

    it('is as many runs as a pool has workers', async () => {
      const program = doubler();
      const pool = use(createPool('doubler', { size: 3, ...program.options }));
      const replies$ = from(['1', '2', '3', '4', '5', '6']).pipe(
        exchange(pool, { reply: take(1) }),
        toArray(),
      );
      expect((await lastValueFrom(replies$)).sort()).toEqual(['10', '12', '2', '4', '6', '8']);
      expect(program.runs.map(({ received }) => received.length)).toEqual([2, 2, 2]);
    });

    it('is a command, an operator and a life', async () => {
      const { options } = doubler();
      const input = ['1', '2'];
      const outputs = [
        fromCommand('doubler', { input, ...options }),
        from(input).pipe(through('doubler', options)),
      ];
      for (const output$ of outputs) {
        expect(await lastValueFrom(output$.pipe(toArray()))).toEqual(['2', '4']);
      }
      const life$ = lifeOf('doubler', { input, ...options }).pipe(map(({ state }) => state));
      expect(await lastValueFrom(life$.pipe(toArray()))).toEqual(['starting', 'running', 'exited']);
    });
  });

  describe('behaves as an operator', () => {
    const outputOf = (program: FakeProgram) =>
      lastValueFrom(fromCommand('fake', program.options).pipe(toArray()));
    const failureOf = (program: FakeProgram) =>
      outputOf(program).then(
        () => expect('no error').toBe('an error'),
        (error: unknown) => error,
      );

    it('that prints, and exits when it completes', async () => {
      expect(await outputOf(fakeProgram(() => ['a', 'b\nc', '']))).toEqual(['a', 'b', 'c', '']);
    });

    it('whose error is an exit with code 1, with a message on stderr', async () => {
      const program = fakeProgram(() =>
        of('a').pipe(concatWith(throwError(() => new Error('oh')))),
      );
      const error = await failureOf(program);
      expect(error).toBeInstanceOf(ExitError);
      expect(error).toMatchObject({ exit: { code: 1, stderrTail: 'Error: oh\n' } });
    });

    it('whose throw is the same', async () => {
      const program = fakeProgram(() => {
        throw new RangeError('oh');
      });
      expect(await failureOf(program)).toMatchObject({ exit: { stderrTail: 'RangeError: oh\n' } });
    });

    it('that may exit with any code', async () => {
      const program = fakeProgram((input$, run) => {
        run.exit(3);
        return input$;
      });
      expect(await failureOf(program)).toMatchObject({ exit: { code: 3 } });
    });

    it.each<[string, () => Observable<string>]>([
      ['completes', () => EMPTY],
      ['errors', () => throwError(() => new Error('oh'))],
    ])('that prints nothing more if it exits and then %s', async (_, rest) => {
      const program = fakeProgram((_input$, run) => {
        run.exit(3);
        return rest();
      });
      expect(await failureOf(program)).toMatchObject({ exit: { code: 3, stderrTail: '' } });
    });

    it('that is applied anew for each run', async () => {
      const program = fakeProgram((_input$, { pid }) => [pid % 10]);
      expect(await outputOf(program)).toEqual(['1']);
      expect(await outputOf(program)).toEqual(['2']);
    });

    it('that is unsubscribed from when the run ends', async () => {
      const teardown = jest.fn();
      const program = fakeProgram(() => NEVER.pipe(tap({ unsubscribe: teardown })));
      const worker = use(createWorker('fake', program.options));
      record(worker);
      await until(worker, 'running');
      expect(teardown).not.toHaveBeenCalled();
      program.lastRun.crash();
      expect(teardown).toHaveBeenCalledTimes(1);
    });

    it('that only reads, if none is given, and exits at end-of-file', async () => {
      const program = fakeProgram();
      const worker = use(createWorker('fake', program.options));
      worker.send.next('a');
      worker.send.complete();
      const { exit } = await until(worker, 'exited');
      expect(exit.code).toBe(0);
      expect(program.lastRun).toMatchObject({ received: ['a'], isInputEnded: true });
    });
  });

  describe('does what the test orders', () => {
    it('prints, prints errors and exits, at any time', () => {
      const program = fakeProgram();
      const worker = use(createWorker('fake', program.options));
      const { all, stderr } = record(worker);
      const run = program.lastRun;
      run.print('a');
      run.printError('oh');
      run.print(2);
      run.exit(4);
      expect(all).toEqual(['starting', 'running', 'a', '2', 'exited', 'failed']);
      expect(stderr).toEqual(['oh']);
      expect(worker.status$.value).toMatchObject({ exits: [{ code: 4, stderrTail: 'oh\n' }] });
    });

    it('is refused by the system', async () => {
      const program = fakeProgram();
      program.refuse('ENOENT');
      const worker = use(createWorker('fake', program.options));
      const { error } = await until(worker, 'failed');
      expect(error).toBeInstanceOf(SpawnError);
      expect(error.message).toBe('"fake" could not be started: not found on the PATH (ENOENT)');
      worker.start();
      await until(worker, 'running');
    });

    it('shows whether it is slowed down', async () => {
      const program = fakeProgram();
      const worker = use(createWorker('fake', program.options));
      await until(worker, 'running');
      const reader = worker[Symbol.asyncIterator]();
      program.lastRun.print('a\nb');
      expect(program.lastRun.isPaused).toBe(true);
      await reader.next();
      await reader.next();
      expect(program.lastRun.isPaused).toBe(false);
    });
  });

  describe('is stopped as a real one', () => {
    async function stages(program: FakeProgram, scheduler: VirtualTimeScheduler) {
      const worker = use(createWorker('fake', program.options));
      await until(worker, 'running');
      const { states } = record(worker);
      void worker.stop();
      await advance(scheduler, 20_000);
      const { uptimeMs } = program.runs.length ? (worker.status$.value as any).exit : {};
      return {
        states: states.slice(1),
        ms: uptimeMs,
        signals: program.lastRun.signals,
      };
    }

    it.each([
      ['at end-of-file', [], ['stopping eof', 'stopped'], 0],
      [
        'by SIGTERM, if it ignores that',
        ['eof'] as const,
        ['stopping eof', 'stopping term', 'stopped'],
        1_000,
      ],
      [
        'by SIGKILL, if it ignores both',
        ['eof', 'SIGTERM'] as const,
        ['stopping eof', 'stopping term', 'stopping kill', 'stopped'],
        6_000,
      ],
    ])('%s', async (_, ignores, states, ms) => {
      const scheduler = new VirtualTimeScheduler();
      const recorded = await stages(fakeProgram(undefined, { ignores, scheduler }), scheduler);
      expect(recorded).toMatchObject({ states, ms });
    });

    it('by SIGTERM, if it does not end at end-of-file of its own accord', async () => {
      const scheduler = new VirtualTimeScheduler();
      const recorded = await stages(
        fakeProgram(() => NEVER, { scheduler }),
        scheduler,
      );
      expect(recorded.signals).toEqual(['SIGTERM', 'SIGCONT']);
    });

    it('and obeys nothing any more if it exits first', async () => {
      const program = fakeProgram(() => NEVER);
      const worker = use(createWorker('fake', program.options));
      record(worker);
      await until(worker, 'running');
      const stopped = worker.stop();
      program.lastRun.exit(3);
      await stopped;
      expect(worker.status$.value).toMatchObject({ exit: { code: 3 } });
      expect(program.lastRun.signals).toEqual([]);
    });

    it('or not at all, which is a StopError', async () => {
      const scheduler = new VirtualTimeScheduler();
      const program = fakeProgram(() => NEVER, { ignores: ['SIGTERM', 'SIGKILL'], scheduler });
      const worker = use(createWorker('fake', program.options));
      record(worker);
      await until(worker, 'running');
      void worker.stop();
      await advance(scheduler, 8_000);
      expect(worker.status$.value).toMatchObject({ error: expect.any(StopError) });
      program.lastRun.exit();
    });

    it('or not at all, and then no policy starts another', async () => {
      const scheduler = new VirtualTimeScheduler();
      const program = fakeProgram(() => NEVER, {
        ignores: ['eof', 'SIGTERM', 'SIGKILL'],
        scheduler,
      });
      const worker = use(createWorker('fake', { ...program.options, supervise: retry(3) }));
      const { states } = record(worker);
      await advance(scheduler, 0);
      await Promise.all([worker.restart(), advance(scheduler, 60_000)]);
      expect(states.slice(2)).toEqual([
        ...['stopping eof', 'stopping term', 'stopping kill'],
        'failed',
      ]);
      expect(worker.status$.value).toMatchObject({ error: { name: 'StopError' } });
      expect(program.runs.length).toBe(1);
      program.lastRun.exit();
    });

    it('with a process id that none has', async () => {
      const program = fakeProgram();
      use(createWorker('fake', program.options));
      expect(() => process.kill(program.lastRun.pid, 0)).toThrow('ESRCH');
      await turn();
    });
  });

  describe('speaks in a codec', () => {
    interface Message {
      readonly id: number;
    }

    it.each([
      ['jsonLines', jsonLines<Message, Message>()],
      ['contentLength', contentLength<Message, Message>()],
    ])('such as %s', async (_, codec) => {
      const server = fakeProgram<Message, Message>(
        pipe(
          bufferCount(2),
          mergeMap(([first, second]) => [second!, first!]),
        ),
        { codec },
      );
      const worker = use(createWorker('server', { codec, ...server.options }));
      const replies$ = from([1, 9].map((id) => ({ id }))).pipe(
        exchange(worker, { key: ({ id }) => id }),
        toArray(),
      );
      expect(await lastValueFrom(replies$)).toEqual([{ id: 9 }, { id: 1 }]);
      expect(server.lastRun.received).toEqual([{ id: 1 }, { id: 9 }]);
    });

    it('of its own, to print what is no line', async () => {
      const program = fakeProgram(() => ['half a ', 'line', Buffer.from([0xff])], {
        codec: bytes(),
      });
      const output$ = fromCommand('fake', program.options);
      expect(await lastValueFrom(output$.pipe(toArray()))).toEqual(['half a line\uFFFD']);
    });

    it('and fails if it cannot read its input', async () => {
      const program = fakeProgram(undefined, { codec: jsonLines() });
      const worker = use(createWorker('fake', program.options));
      record(worker);
      worker.send.next('no JSON');
      const { error } = await until(worker, 'failed');
      expect(error.message).toContain('The fake program cannot read its input');
    });
  });

  describe('keeps the time', () => {
    it('of jest, without a scheduler', async () => {
      jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
      try {
        const program = fakeProgram(oracle);
        const service = new Oracle(program.options);
        await jest.advanceTimersByTimeAsync(0);
        program.lastRun.crash();
        // The host's time of day, which is not that of its monotonic clock.
        expect(service.worker.status$.value).toMatchObject({ restartAt: Date.now() + 1_000 });
        await jest.advanceTimersByTimeAsync(999);
        expect(program.runs.length).toBe(1);
        await jest.advanceTimersByTimeAsync(1);
        expect(program.runs.length).toBe(2);
        await jest.advanceTimersByTimeAsync(0);
        expect(await firstValueFrom(service.ask('to be?'))).toBe('or not to be');
        await service[Symbol.asyncDispose]();
      } finally {
        jest.useRealTimers();
      }
    });

    it('of a TestScheduler, in marbles', () => {
      const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
      scheduler.run(({ cold: cold$, expectObservable, expectSubscriptions }) => {
        const prices$ = cold$('--a--b--c--|');
        const ticker = fakeProgram(() => prices$, { scheduler });
        const price$ = fromCommand('ticker', ticker.options);
        expectObservable(price$.pipe(filter((price) => price !== 'b'))).toBe('--a-----c--|');
        expectObservable(price$, '---!').toBe('--a-');
        expectSubscriptions(prices$.subscriptions).toBe(['^----------!', '^--!']);
      });
    });

    it('of a TestScheduler, restarts included', () => {
      const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
      scheduler.run(({ cold: cold$, expectObservable }) => {
        const program = fakeProgram(() => cold$('-a-#'), { scheduler });
        const worker = createWorker('fake', {
          supervise: restartOnExit({ delayMs: 4, jitter: false, maxRestarts: 1 }),
          ...program.options,
        });
        const state$ = worker.status$.pipe(
          map(({ state }) => state),
          filter((state) => ['running', 'backoff', 'failed'].includes(state)),
        );
        expectObservable(worker.output$).toBe('-a------a');
        expectObservable(state$).toBe('r--b---r--f', { r: 'running', b: 'backoff', f: 'failed' });
      });
    });
  });

  describe('used wrongly', () => {
    const wrong: [string, () => unknown, string][] = [
      ['no function', () => fakeProgram('echo' as any), 'behaviour must be a function, not string'],
      [
        'options that are none',
        () => fakeProgram(undefined, 1 as any),
        'options must be an object',
      ],
      [
        'no codec',
        () => fakeProgram(undefined, { codec: {} as any }),
        'codec must be an object with',
      ],
      ['no scheduler', () => fakeProgram(undefined, { scheduler: {} as any }), 'scheduler must be'],
      [
        'what none can ignore',
        () => fakeProgram(undefined, { ignores: ['HUP' as any] }),
        "ignores[0] must be 'eof', 'SIGTERM', ",
      ],
      ['no code', () => fakeProgram().refuse(2 as any), 'code must be a string'],
    ];

    it.each(wrong)('with %s, throws a TypeError at the call', (_, call, message) => {
      expect(call).toThrow(TypeError);
      expect(call).toThrow(message);
    });

    it('has no run before it is started', () => {
      const program = fakeProgram();
      expect(() => program.lastRun).toThrow('was not started: give its options to createWorker()');
    });

    it('reads nothing after its end', async () => {
      const { program, service } = await consult();
      const rejected: string[] = [];
      service.worker.rejected$.subscribe(({ value }) => rejected.push(String(value)));
      service.worker.send.next('to be?');
      await Promise.resolve(); // It is being written.
      program.lastRun.crash();
      await turn();
      expect(program.lastRun.received).toEqual(['hello']);
      expect(rejected).toEqual(['to be?']);
    });

    it('prints nothing after its end', async () => {
      const program = fakeProgram(() => []);
      await lastValueFrom(fromCommand('echo a', program.options), { defaultValue: '' });
      const { lastRun } = program;
      const has = 'The fake program "echo a" has ended: it cannot';
      expect(() => lastRun.print('a')).toThrow(`${has} print`);
      expect(() => lastRun.printError('a')).toThrow(`${has} print`);
      expect(() => lastRun.exit()).toThrow(`${has} exit`);
      expect(() => lastRun.crash()).toThrow(`${has} crash`);
    });

    it.each([
      ['nothing', (() => undefined) as any, 'not undefined'],
      ['text', () => 'text', 'not string'],
      ['what is no stream', (() => ({})) as any, 'where a stream was expected'],
    ])('fails the run with a behaviour that returns %s', async (_, behaviour, message) => {
      const worker = use(createWorker('fake', fakeProgram(behaviour).options));
      const { error } = await until(worker, 'failed');
      expect(error).toMatchObject({ exit: { stderrTail: expect.stringContaining(message) } });
    });
  });
});

describe('advance', () => {
  it('runs everything that is due, and all that it causes', async () => {
    const scheduler = new VirtualTimeScheduler();
    const happened: string[] = [];
    const later = async (name: string) => {
      for (let turns = 0; turns < 20; turns++) await Promise.resolve();
      happened.push(`${name} at ${scheduler.now()}`);
    };
    interval(10, scheduler)
      .pipe(take(3))
      .subscribe((n) => void later(`tick ${n}`));
    timer(15, scheduler).subscribe(() => scheduler.schedule(() => void later('caused'), 1));
    await advance(scheduler, 16);
    expect(happened).toEqual(['tick 0 at 10', 'caused at 16']);
    expect(scheduler.now()).toBe(16);
    await advance(scheduler, 100);
    expect(happened.slice(2)).toEqual(['tick 1 at 20', 'tick 2 at 30']);
  });

  it('leaves later actions to a flush', async () => {
    const scheduler = new VirtualTimeScheduler();
    const later = jest.fn();
    timer(10, scheduler).subscribe();
    timer(100, scheduler).subscribe(later);
    await advance(scheduler, 50);
    expect(later).not.toHaveBeenCalled();
    scheduler.flush();
    expect(later).toHaveBeenCalledTimes(1);
  });

  it.each<[string, any, any, typeof Error, string]>([
    ['no scheduler', undefined, 1, TypeError, 'scheduler must be a VirtualTimeScheduler'],
    ['a program', fakeProgram(), 1, TypeError, 'scheduler must be an object with now()'],
    ['no time', new VirtualTimeScheduler(), '1', TypeError, 'ms must be a number'],
    ['time that goes back', new VirtualTimeScheduler(), -1, RangeError, 'ms must be 0 or more'],
    ['all of time', new VirtualTimeScheduler(), Infinity, RangeError, 'ms must be finite'],
  ])('rejects %s', async (_, scheduler, ms, type, message) => {
    const call = advance(scheduler, ms);
    await expect(call).rejects.toThrow(type);
    await expect(call).rejects.toThrow(message);
  });
});
