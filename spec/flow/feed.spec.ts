import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import {
  lastValueFrom,
  of,
  Subscription,
  take,
  tap,
  VirtualTimeScheduler,
  type Observable,
} from 'rxjs';
import {
  createWorker,
  feed,
  InputClosedError,
  InputOverflowError,
  LineBreakError,
  NotRunningError,
  restartOnExit,
  type FeedProgress,
  type Pullable,
  type ReactiveWorker,
  type WorkerOptions,
} from 'simple-ipc';
import { advance, fakeProgram } from 'simple-ipc/testing';
import { internalsOf } from '../../src/contract/internals.js';
import { collectGarbage } from '../support/collectGarbage.js';
import {
  checked,
  cleanUp,
  collectUnhandled,
  eventually,
  expectSame,
  first,
  fixture,
  node,
  numbers,
  record,
  sh,
  takeWarnings,
  until,
  use,
  watchWarnings,
} from '../support/programs.js';

/** The size at which input is written, in bytes. */
const BATCH = 65_536;

/** A turn of the event loop, and the next: a feed ends in a later turn than its source. */
const turn = async () => {
  for (let turns = 0; turns < 2; turns++) await new Promise((resolve) => setImmediate(resolve));
};

/** Endless lines of 1,000 bytes; counts the lines that were pulled, and notes its end. */
function endless() {
  const source = {
    pulled: 0,
    ended: false,
    *[Symbol.iterator]() {
      try {
        while (source.pulled < 50_000) yield String(++source.pulled).padEnd(999, '.');
        throw new Error('was pulled without end');
      } finally {
        source.ended = true;
      }
    },
  };
  return source;
}

/** A source that yields what it is given, when it is given. */
function manual() {
  const waiting: ((result: IteratorResult<string>) => void)[] = [];
  const end = jest.fn(() => Promise.resolve({ done: true as const, value: undefined }));
  const iterator: AsyncIterator<string> = {
    next: () => new Promise((resolve) => waiting.push(resolve)),
    return: end,
  };
  return {
    [Symbol.asyncIterator]: () => iterator,
    end,
    /** Whether it was asked for a value that it has not given. */
    isAsked: () => waiting.length > 0,
    async give(value: string) {
      await eventually(() => waiting.length > 0);
      waiting.shift()?.({ done: false, value });
      await turn();
    },
    async complete() {
      await eventually(() => waiting.length > 0);
      waiting.shift()?.({ done: true, value: undefined });
      await turn();
    },
  };
}

/** Everything that a feed emits. */
function watch(progress$: Observable<FeedProgress>) {
  const recorded: Recording = {
    progress: [],
    errors: [],
    completed: false,
    subscription: new Subscription(),
  };
  // The first progress may be synchronous.
  recorded.subscription.add(
    progress$.subscribe({
      next: (progress) => recorded.progress.push(progress),
      error: (error: unknown) => recorded.errors.push(error),
      complete: () => (recorded.completed = true),
    }),
  );
  return recorded;
}

interface Recording {
  readonly progress: FeedProgress[];
  readonly errors: unknown[];
  completed: boolean;
  readonly subscription: Subscription;
}

interface FakeOptions extends WorkerOptions {
  /** Whether rejected$ is observed. */
  readonly isWatched?: boolean;
}

describe('feed', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  function start(command: string | readonly string[], options?: WorkerOptions) {
    const worker = use(createWorker(command, options));
    const statuses = checked([]);
    worker.status$.subscribe((status) => statuses.push(status));
    return worker;
  }

  /** Feeds `cat`, to the end. */
  async function throughCat(source: Pullable<string>) {
    const worker = start('cat');
    const { output, rejected } = record(worker);
    const progress = await lastValueFrom(feed(worker, source));
    worker.send.complete();
    await until(worker, 'exited');
    expect(rejected).toEqual([]);
    return { output, progress };
  }

  /** A worker whose program is in memory, and runs; it is restarted after 10 ms of virtual time. */
  async function fake({ isWatched = true, ...options }: FakeOptions = {}) {
    const scheduler = new VirtualTimeScheduler();
    const supervise = restartOnExit({ delayMs: 10, jitter: false });
    const fakes = fakeProgram(undefined, { scheduler });
    const worker = start('fake', { supervise, ...fakes.options, ...options });
    const rejected: unknown[] = [];
    if (isWatched) worker.rejected$.subscribe(({ value }) => rejected.push(value));
    const pass = (ms: number) => advance(scheduler, ms);
    await pass(0);
    return { fakes, pass, worker, rejected, run: fakes.lastRun };
  }

  /** The same, with a program that reads a write only when the test allows it. */
  async function fakeReader(options: FakeOptions = {}) {
    const { fakes, pass, worker, rejected, run } = await fake(options);
    const writes: { text: string; done: () => void }[] = [];
    const write = (data: Buffer, done: () => void) => writes.push({ text: data.toString(), done });
    Object.assign(run, { write });
    use({
      [Symbol.asyncDispose]() {
        for (const each of fakes.runs) if (each.isAlive) each.exit();
        return Promise.resolve();
      },
    });
    return {
      fakes,
      pass,
      worker,
      rejected,
      run,
      /** How many writes it has not read: never more than one. */
      waiting: () => writes.length,
      /** Reads one write; returns its lines. */
      async read() {
        await turn();
        const { text = '', done } = writes.shift() ?? {};
        done?.();
        await turn();
        return text.split('\n').slice(0, -1);
      },
    };
  }

  describe('wrong arguments', () => {
    const worker = createWorker('cat', { start: false });
    const wrong: [string, any, any, string][] = [
      ['no worker', undefined, [], 'worker must be'],
      ['what only looks like a worker', { ...worker }, [], 'worker must be'],
      [
        'a worker of another copy',
        Object.create(worker, { restart: { value: () => undefined } }),
        [],
        'worker was made by another copy of simple-ipc (ES module and CommonJS mixed?)',
      ],
      ['a string', worker, 'text', 'source is a string'],
      ['no source', worker, undefined, 'source must be'],
      ['bytes', worker, Buffer.from('a'), 'source is bytes, which would be sent one number a line'],
      ['null', worker, null, 'source must be'],
      ['a number', worker, 1, 'source must be'],
      ['an object that is no iterable', worker, {}, 'source must be'],
      ['an iterator that is no iterable', worker, { next: () => ({}) }, 'source must be'],
      ['an Observable, which cannot be slowed down', worker, of('a'), 'source must be'],
      ['a Promise', worker, Promise.resolve(['a']), 'source must be'],
    ];

    it.each(wrong)('throws at the call for %s', (_, notWorker, notSource, message) => {
      const call = () => feed(notWorker, notSource);
      expect(call).toThrow(TypeError);
      expect(call).toThrow(message);
    });
  });

  describe('sources', () => {
    const lines = numbers(10_000);
    const sources: [string, () => Pullable<string>][] = [
      ['an array', () => lines],
      ['a Set', () => new Set(lines)],
      [
        'a generator',
        function* () {
          yield* lines;
        },
      ],
      [
        'an async generator',
        async function* () {
          for (const line of lines) {
            if (Number(line) % 1_000 === 0) await turn();
            yield line;
          }
        },
      ],
      ['a Readable in object mode', () => Readable.from(lines)],
      [
        'a ReadableStream',
        () =>
          new ReadableStream<string>({
            start(controller) {
              for (const line of lines) controller.enqueue(line);
              controller.close();
            },
          }),
      ],
    ];

    it.each(sources)('writes every line of %s, in order', async (_, source) => {
      const { output, progress } = await throughCat(source());
      expectSame(output, lines);
      expect(progress).toEqual({ values: lines.length, bytes: lines.join('\n').length + 1 });
    });

    it('takes what the codec takes', async () => {
      const worker = start('cat');
      const { output } = record(worker);
      await lastValueFrom(feed(worker, [1, true, 2n, '']));
      worker.send.complete();
      await until(worker, 'exited');
      expect(output).toEqual(['1', 'true', '2', '']);
    });

    it('are read anew by each subscription, and by none before', async () => {
      const { worker, run } = await fake();
      const source = { *[Symbol.iterator]() { yield String(++reads); } }; // prettier-ignore
      let reads = 0;
      const progress$ = feed(worker, source);
      await turn();
      expect(reads).toBe(0);
      await lastValueFrom(progress$);
      await lastValueFrom(progress$);
      expect(run.received).toEqual(['1', '2']);
    });

    it('may be empty', async () => {
      const { worker } = await fake();
      const recorded = watch(feed(worker, []));
      await turn();
      expect(recorded).toMatchObject({ progress: [{ values: 0, bytes: 0 }], completed: true });
    });
  });

  describe('the pace', () => {
    it('is that of the program: what waits is a write and what the pipe holds', async () => {
      const deaf = start('sleep 1000', { stop: { endInputMs: 0 } });
      record(deaf);
      await until(deaf, 'running');
      const source = endless();
      const recorded = watch(feed(deaf, source));
      // Another program reads 20 MB meanwhile.
      const reader = start(sh('exec cat > /dev/null'));
      await lastValueFrom(feed(reader, Array<string>(20_000).fill('x'.repeat(999))));
      expect(source.pulled * 1_000).toBeGreaterThanOrEqual(BATCH);
      expect(source.pulled * 1_000).toBeLessThan(2 * BATCH + 300_000);
      expect(recorded).toMatchObject({ errors: [], completed: false });
    });

    it('is that of a program that stands still for a while and goes on', async () => {
      const worker = start('cat');
      const { output } = record(worker);
      const { pid } = await until(worker, 'running');
      process.kill(pid, 'SIGSTOP');
      const lines = numbers(5_000).map((number) => number.padEnd(999, '.'));
      const recorded = watch(feed(worker, lines));
      await turn();
      expect(recorded.completed).toBe(false);
      process.kill(pid, 'SIGCONT');
      await eventually(() => recorded.completed && output.length === lines.length);
      expectSame(output, lines);
    });

    it('is one full batch at a time', async () => {
      const { worker, waiting, read } = await fakeReader();
      const source = endless();
      watch(feed(worker, source));
      await turn();
      const batchLines = Math.ceil(BATCH / 1_000);
      for (let batches = 1; batches <= 5; batches++) {
        expect(source.pulled).toBe(batches * batchLines);
        expect(waiting()).toBe(1);
        expect((await read()).length).toBe(batchLines);
      }
    });

    it('is that of a slow source: what has come is not kept back', async () => {
      const { worker, run } = await fake();
      const source = manual();
      watch(feed(worker, source));
      await source.give('a');
      expect(run.received).toEqual(['a']);
      await source.give('b');
      expect(run.received).toEqual(['a', 'b']);
    });

    it('keeps nothing of an unsubscribed feed, while the program does not read', async () => {
      const { worker } = await fakeReader();
      worker.send.next('x'.repeat(100_000));
      const sources = Array.from({ length: 100 }, () => {
        const source = ['a'];
        feed(worker, source).subscribe().unsubscribe();
        return new WeakRef(source);
      });
      await collectGarbage();
      expect(sources.filter((source) => source.deref()).length).toBeLessThan(10);
    });

    it('waits for nothing more once it was left from inside of its progress', async () => {
      const { worker } = await fakeReader();
      const onMove = jest.spyOn(internalsOf(worker).input, 'onMove');
      feed(worker, ['x'.repeat(100_000), 'a'])
        .pipe(take(1))
        .subscribe();
      await turn();
      expect(onMove).not.toHaveBeenCalled();
    });

    it('leaves room for a value that takes most of it, beside a feed that never ends', async () => {
      const worker = start('cat', { maxPendingBytes: 100_000 });
      const other = feed(worker, endless()).subscribe();
      const { bytes } = await lastValueFrom(feed(worker, ['x'.repeat(60_000)]));
      other.unsubscribe();
      expect(bytes).toBe(60_001);
    });

    it('leaves room for two at once, which mix whole lines', async () => {
      const worker = start('cat');
      const { output } = record(worker);
      const linesOf = (name: string) =>
        numbers(20_000).map((number) => name.repeat(1 + (Number(number) % 50)) + number);
      await Promise.all(['a', 'b'].map((name) => lastValueFrom(feed(worker, linesOf(name)))));
      worker.send.complete();
      await until(worker, 'exited');
      const names = output.map((line) => line[0]);
      expect(names.indexOf('b')).toBeLessThan(names.lastIndexOf('a'));
      for (const name of ['a', 'b']) {
        expectSame(
          output.filter((line) => line.startsWith(name)),
          linesOf(name),
        );
      }
      expect(output.length).toBe(40_000);
    });

    it('leaves room for worker.send', async () => {
      const { worker, read } = await fakeReader();
      watch(feed(worker, endless()));
      await turn();
      worker.send.next('now');
      await read();
      expect(await read()).toContain('now');
    });

    it('waits for the room that others take', async () => {
      const { worker, rejected, read } = await fakeReader({ maxPendingBytes: 100_000 });
      worker.send.next('x'.repeat(99_500));
      const recorded = watch(feed(worker, ['y'.repeat(999)]));
      await read();
      expect(await read()).toEqual(['y'.repeat(999)]);
      expect(recorded).toMatchObject({ errors: [], completed: true });
      expect(rejected).toEqual([]);
    });

    it('keeps within maxPendingBytes, however small', async () => {
      const worker = start('cat', { maxPendingBytes: 10_000 });
      const { output, rejected } = record(worker);
      const lines = Array<string>(100).fill('x'.repeat(999));
      await lastValueFrom(feed(worker, lines));
      worker.send.complete();
      await until(worker, 'exited');
      expectSame(output, lines);
      expect(rejected).toEqual([]);
    });
  });

  describe('the progress', () => {
    it('grows, about every 64 KiB, to the exact totals in lines and bytes', async () => {
      const worker = start('wc -lc');
      const { output } = record(worker);
      const recorded = watch(
        feed(
          worker,
          numbers(30_000).map((number) => `${number} é€😀`),
        ),
      );
      await eventually(() => recorded.completed);
      worker.send.complete();
      await until(worker, 'exited');
      const [lines, bytes] = output[0]!.trim().split(/\s+/).map(Number);
      expect(recorded.progress.at(-1)).toEqual({ values: lines, bytes });
      expect(lines).toBe(30_000);
      expect(recorded.progress.length).toBe(Math.floor(bytes! / BATCH) + 1);
      recorded.progress.reduce(
        (before, progress) => {
          expect(progress.values).toBeGreaterThan(before.values);
          expect(progress.bytes).toBeGreaterThan(before.bytes);
          expect(progress.bytes - before.bytes).toBeLessThan(BATCH + 100);
          return progress;
        },
        { values: 0, bytes: 0 },
      );
    });

    it('completes only when all was written', async () => {
      const { worker, read } = await fakeReader();
      const recorded = watch(feed(worker, numbers(100)));
      await turn();
      expect(recorded).toMatchObject({ progress: [], completed: false });
      expect(await read()).toEqual(numbers(100));
      expect(recorded).toMatchObject({ progress: [{ values: 100, bytes: 290 }], completed: true });
    });

    it('completes when its own lines are written, though others are always waiting', async () => {
      const { worker, read } = await fakeReader();
      const recorded = watch(feed(worker, ['a']));
      await turn();
      worker.send.next('b');
      expect(await read()).toEqual(['a']);
      expect(recorded.completed).toBe(true);
    });

    it('leaves stdin open', async () => {
      const { worker, run } = await fake();
      await lastValueFrom(feed(worker, ['a']));
      worker.send.next('b');
      await turn();
      expect(run.isInputEnded).toBe(false);
      expect(run.received).toEqual(['a', 'b']);
    });
  });

  describe('what will not arrive', () => {
    it('errors it with InputClosedError, when the run dies in the middle', async () => {
      const worker = start(sh('head -n 100 > /dev/null; kill -KILL $$'));
      const { rejected } = record(worker);
      const source = endless();
      const recorded = watch(feed(worker, source));
      await until(worker, 'failed');
      expect(recorded.errors).toEqual([expect.any(InputClosedError)]);
      expect(recorded.completed).toBe(false);
      expect(rejected.length).toBeGreaterThan(0);
      await eventually(() => source.ended);
      // No more is pulled than was accepted.
      expect(recorded.progress.at(-1)?.values).toBe(source.pulled);
    });

    it('errors it with InputClosedError, though the program is restarted', async () => {
      const { fakes, pass, worker, rejected, run, read } = await fakeReader();
      const source = endless();
      const recorded = watch(feed(worker, source));
      await read();
      run.exit(1);
      await pass(10);
      expect(recorded.errors).toEqual([expect.any(InputClosedError)]);
      expect(rejected.length).toBe(Math.ceil(BATCH / 1_000));
      await turn();
      expect(source.ended).toBe(true);
      expect(fakes.lastRun.received).toEqual([]);
    });

    it('errors it with InputClosedError, when the program closes its stdin', async () => {
      const worker = start(fixture('closeStdin.sh'), { stop: { endInputMs: 0 } });
      record(worker);
      await first(worker.output$, (line) => line === 'closed');
      const recorded = watch(feed(worker, endless()));
      await eventually(() => recorded.errors.length > 0);
      expect(recorded.errors).toEqual([expect.any(InputClosedError)]);
    });

    it('errors every feed that lost something', async () => {
      const { worker, run } = await fakeReader();
      const two = [watch(feed(worker, ['a'])), watch(feed(worker, ['b']))];
      await turn();
      run.exit(1);
      await turn();
      for (const { errors } of two) expect(errors).toEqual([expect.any(InputClosedError)]);
    });

    it('is warned of for worker.send, though a feed lost something with it', async () => {
      const { worker, run } = await fakeReader({ isWatched: false });
      const recorded = watch(feed(worker, ['a']));
      worker.send.next('b');
      await turn();
      run.exit(1);
      await turn();
      expect(recorded.errors).toEqual([expect.any(InputClosedError)]);
      expect(takeWarnings()).toEqual([expect.stringContaining('will not get an input')]);
    });

    it('is not warned of, when the feed reports it', async () => {
      const { worker, run } = await fakeReader({ isWatched: false });
      const recorded = watch(feed(worker, ['a']));
      await turn();
      run.exit(1);
      await turn();
      expect(recorded.errors).toEqual([expect.any(InputClosedError)]);
      expect(takeWarnings()).toEqual([]);
    });

    it('errors no feed that lost nothing', async () => {
      const { pass, worker, run, read } = await fakeReader();
      const source = manual();
      const recorded = watch(feed(worker, source));
      await source.give('a');
      await read();
      worker.send.next('lost');
      await turn();
      run.exit(1);
      await pass(10);
      await source.complete();
      expect(recorded).toMatchObject({ errors: [], completed: true });
    });

    it('errors it with InputClosedError, when the worker is stopped', async () => {
      const { pass, worker } = await fakeReader();
      const source = endless();
      const recorded = watch(feed(worker, source));
      await turn();
      const stopped = worker.stop();
      await pass(1_000);
      await stopped;
      await turn();
      expect(recorded.errors).toEqual([expect.any(InputClosedError)]);
      expect(source.ended).toBe(true);
    });

    it.each([
      ['never started', async () => {}],
      [
        'stopped',
        async (worker: ReactiveWorker) => {
          worker.start();
          await worker.stop();
        },
      ],
      ['disposed', (worker: ReactiveWorker) => worker[Symbol.asyncDispose]()],
    ])('errors it with NotRunningError, when the worker is %s', async (_, prepare) => {
      const worker = start('cat', { start: false });
      await prepare(worker);
      const source = endless();
      const recorded = watch(feed(worker, source));
      await eventually(() => recorded.errors.length > 0);
      expect(recorded.errors).toEqual([expect.any(NotRunningError)]);
      expect(source.ended).toBe(true);
      expect(source.pulled).toBe(1);
    });

    it('errors it with NotRunningError, when the life ends before a run could take it', async () => {
      const { pass, worker, run } = await fake();
      run.exit(1);
      await pass(0);
      expect(worker.status$.value.state).toBe('backoff');
      const recorded = watch(feed(worker, ['a']));
      await turn();
      expect(recorded).toMatchObject({ errors: [], completed: false });
      await worker.stop();
      await turn();
      expect(recorded.errors).toEqual([expect.any(NotRunningError)]);
    });

    it('errors it with LineBreakError for a value with a line break, after those before', async () => {
      const { worker, run, rejected } = await fake();
      let ended = false;
      const recorded = watch(
        feed(
          worker,
          (function* () {
            try {
              yield* ['a', 'b', 'c\nd', 'e'];
            } finally {
              ended = true;
            }
          })(),
        ),
      );
      await turn();
      expect(recorded.errors).toEqual([expect.any(LineBreakError)]);
      expect(recorded.completed).toBe(false);
      expect(run.received).toEqual(['a', 'b']);
      expect(rejected).toEqual(['c\nd']);
      expect(ended).toBe(true);
    });

    it('errors it with InputOverflowError for a value that never fits', async () => {
      const { worker, run } = await fake({ maxPendingBytes: 1_000 });
      const recorded = watch(feed(worker, ['a', 'b'.repeat(1_000), 'c']));
      await turn();
      expect(recorded.errors).toEqual([expect.any(InputOverflowError)]);
      expect(run.received).toEqual(['a']);
    });

    it('errors it with what the codec throws', async () => {
      const { worker } = await fake();
      const recorded = watch(feed(worker, [{}] as any));
      await turn();
      expect(recorded.errors).toEqual([expect.any(TypeError)]);
    });
  });

  describe('the error of a source', () => {
    const error = new Error('wrong');
    const failing: [string, () => Pullable<string>][] = [
      [
        'a generator',
        function* () {
          yield 'a';
          throw error;
        },
      ],
      [
        'an async generator',
        // eslint-disable-next-line @typescript-eslint/require-await -- it is the generator that counts
        async function* () {
          yield 'a';
          throw error;
        },
      ],
      [
        'a Readable',
        () =>
          Readable.from(
            (function* () {
              yield 'a';
              throw error;
            })(),
          ),
      ],
    ];

    it.each(failing)('errors it, if it is %s, after what came before', async (_, source) => {
      const { worker, run } = await fake();
      const recorded = watch(feed(worker, source()));
      await eventually(() => recorded.errors.length > 0);
      expect(recorded.errors[0]).toBe(error);
      expect(recorded.completed).toBe(false);
      await turn();
      expect(run.received).toEqual(['a']);
      expect(worker.status$.value.state).toBe('running');
    });
  });

  describe('unsubscribing', () => {
    it('reads no further and ends the source; what was accepted is still written', async () => {
      const worker = start('cat');
      const { output } = record(worker);
      const source = endless();
      const unhandled = collectUnhandled();
      const recorded = watch(
        feed(worker, source).pipe(
          tap(({ values }) => {
            if (values > 1_000) recorded.subscription.unsubscribe();
          }),
        ),
      );
      await eventually(() => source.ended);
      const { pulled } = source;
      worker.send.complete();
      await until(worker, 'exited');
      expect(source.pulled).toBe(pulled);
      expect(output.length).toBe(pulled);
      expect(unhandled).toEqual([]);
    });

    it('ends the source at once, though the program does not read', async () => {
      const { worker, waiting } = await fakeReader();
      const source = endless();
      const recorded = watch(feed(worker, source));
      await turn();
      expect(waiting()).toBe(1);
      recorded.subscription.unsubscribe();
      await turn();
      expect(source.ended).toBe(true);
    });

    it('ends the source at once, though no value comes', async () => {
      const { worker } = await fake();
      const source = manual();
      const recorded = watch(feed(worker, source));
      await eventually(source.isAsked);
      recorded.subscription.unsubscribe();
      await turn();
      expect(source.end).toHaveBeenCalledTimes(1);
    });

    it('keeps a value that comes afterwards from the program', async () => {
      const { worker, run } = await fake();
      const source = manual();
      const recorded = watch(feed(worker, source));
      await source.give('a');
      recorded.subscription.unsubscribe();
      await source.give('b');
      expect(run.received).toEqual(['a']);
    });

    it('does not report values that are lost afterwards', async () => {
      const { worker, run, rejected } = await fakeReader();
      const unhandled = collectUnhandled();
      const recorded = watch(feed(worker, endless()));
      await turn();
      recorded.subscription.unsubscribe();
      run.exit(1);
      await turn();
      expect(recorded.errors).toEqual([]);
      expect(rejected.length).toBeGreaterThan(0);
      expect(unhandled).toEqual([]);
    });
  });

  describe('over several runs', () => {
    it('waits while the program is starting', async () => {
      const worker = start(node('process.stdin.pipe(process.stdout)'));
      const { output } = record(worker);
      expect(worker.status$.value.state).toBe('starting');
      const recorded = watch(feed(worker, numbers(1_000)));
      await eventually(() => recorded.completed);
      worker.send.complete();
      await until(worker, 'exited');
      expect(output).toEqual(numbers(1_000));
    });

    it('waits while a restart is due, with one full batch', async () => {
      const { fakes, pass, worker, run } = await fake();
      run.exit(1);
      await pass(0);
      let pulled = 0;
      const lines = numbers(300).map((number) => number.padEnd(999, '.'));
      const recorded = watch(
        feed(
          worker,
          (function* () {
            for (const line of lines) {
              pulled++;
              yield line;
            }
          })(),
        ),
      );
      await turn();
      expect(worker.status$.value.state).toBe('backoff');
      expect(pulled).toBe(Math.ceil(BATCH / 1_000));
      await pass(10);
      await turn();
      expect(recorded).toMatchObject({ errors: [], completed: true });
      expectSame(fakes.lastRun.received, lines);
    });

    it('goes on in the next run with what comes meanwhile, if nothing was lost', async () => {
      const { fakes, pass, worker, run } = await fake();
      const source = manual();
      const recorded = watch(feed(worker, source));
      await source.give('a');
      run.exit(1);
      await pass(0);
      await source.give('b');
      expect(worker.status$.value.state).toBe('backoff');
      await pass(10);
      await source.give('c');
      await source.complete();
      expect(fakes.runs.map(({ received }) => received)).toEqual([['a'], ['b', 'c']]);
      expect(recorded).toMatchObject({ errors: [], completed: true });
    });

    it('goes on over worker.restart(), line for line', async () => {
      const worker = start('cat');
      const { output, rejected } = record(worker);
      const lines = numbers(100_000);
      const recorded = watch(feed(worker, lines));
      for (const count of [10, 20_000]) {
        await eventually(() => output.length > count);
        await worker.restart();
      }
      expect(worker.status$.value).toMatchObject({ state: 'running', generation: 3 });
      await eventually(() => recorded.completed || recorded.errors.length > 0);
      worker.send.complete();
      await until(worker, 'exited');
      expect(recorded.errors).toEqual([]);
      expect(rejected).toEqual([]);
      expectSame(output, lines);
    });
  });
});
