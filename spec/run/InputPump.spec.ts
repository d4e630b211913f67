import { of, Subject, Subscription, throwError, type Observable, type ObservableInput } from 'rxjs';
import { lifeOf, lines, type FeedProgress, type LineInput } from 'simple-ipc';
import { pour, pumpPulled } from '../../src/run/InputPump.js';
import { InputQueue } from '../../src/run/InputQueue.js';
import { textOf } from '../support/textOf.js';
import { cleanUp, eventually, sh, watchWarnings } from '../support/programs.js';

/** Lines of 1,000 bytes that fill a batch. */
const BATCH_LINES = Math.ceil(65_536 / 1_000);

const line = 'x'.repeat(999);

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A queue, and the hand that takes from it as a program would. */
function createQueue(maxPendingBytes = Infinity) {
  const rejected: LineInput[] = [];
  const queue = new InputQueue<LineInput>(['fake'], lines(), maxPendingBytes, {
    rejected: ({ value }) => rejected.push(value),
  });
  return {
    queue,
    rejected,
    /** Takes and writes one batch; returns its lines. */
    async take() {
      const entry = queue.take();
      if (entry !== undefined) queue.taken();
      await turn();
      return typeof entry === 'symbol'
        ? []
        : textOf(entry ?? '')
            .split('\n')
            .slice(0, -1);
    },
  };
}

/** The notifications of a stream. */
function watch<T>(source$: Observable<T>) {
  const recorded = {
    values: [] as T[],
    errors: [] as unknown[],
    completed: false,
    subscription: new Subscription(),
  };
  recorded.subscription.add(
    source$.subscribe({
      next: (value) => recorded.values.push(value),
      error: (error: unknown) => recorded.errors.push(error),
      complete: () => (recorded.completed = true),
    }),
  );
  return recorded;
}

/** Counts the values that are pulled from it, and notes its end. */
function counted(count: number) {
  const source = {
    pulled: 0,
    ended: false,
    *[Symbol.iterator]() {
      try {
        while (source.pulled < count) {
          source.pulled++;
          yield line;
        }
      } finally {
        source.ended = true;
      }
    },
  };
  return source;
}

describe('pour', () => {
  const sources: [string, () => ObservableInput<string>][] = [
    ['an array', () => ['a', 'b']],
    ['an Observable', () => of('a', 'b')],
    ['an iterator', () => ['a', 'b'].values()],
    ['what is like an array', () => ({ length: 2, 0: 'a', 1: 'b' })],
    [
      'an async generator',
      async function* () {
        yield 'a';
        await turn();
        yield 'b';
      },
    ],
  ];

  it.each(sources)('queues what comes from %s, and completes', async (_, source) => {
    const { queue, take } = createQueue();
    const recorded = watch(pour(source(), queue));
    const taken: string[] = [];
    while (taken.length < 2) taken.push(...(await take()));
    await eventually(() => recorded.completed);
    expect(taken).toEqual(['a', 'b']);
    expect(recorded.errors).toEqual([]);
  });

  it('queues the value of a Promise, and errors if there is none', async () => {
    const { queue, take } = createQueue();
    const error = new Error('wrong');
    const recorded = watch(pour(Promise.resolve('a'), queue));
    const failed = watch(pour(Promise.reject<string>(error), queue));
    await turn();
    expect(await take()).toEqual(['a']);
    expect(recorded.completed).toBe(true);
    expect(failed.errors).toEqual([error]);
  });

  it('queues what an Observable emits as it comes, though nobody takes it', async () => {
    const { queue, take } = createQueue();
    const source$ = new Subject<string>();
    const recorded = watch(pour(source$, queue));
    for (let i = 0; i < 1_000; i++) source$.next(line);
    expect(queue.isFull).toBe(true);
    expect(await take()).toEqual(Array(BATCH_LINES).fill(line));
    source$.complete();
    expect(recorded.completed).toBe(true);
  });

  it('rejects what an Observable emits beyond maxPendingBytes, and goes on', async () => {
    const { queue, rejected, take } = createQueue(2_500);
    const recorded = watch(pour(of(line, line, line, 'a'), queue));
    expect(await take()).toEqual([line, line, 'a']);
    expect(rejected).toEqual([line]);
    expect(recorded.completed).toBe(true);
  });

  it('pulls from an iterable only what fits into a batch', async () => {
    const { queue, take } = createQueue();
    const source = counted(1_000);
    watch(pour(source, queue));
    await turn();
    expect(source.pulled).toBe(BATCH_LINES);
    expect((await take()).length).toBe(BATCH_LINES);
    expect(source.pulled).toBe(2 * BATCH_LINES);
  });

  it('errors as its source does', () => {
    const { queue } = createQueue();
    const error = new Error('wrong');
    const failing$ = throwError(() => error);
    expect(watch(pour(failing$, queue)).errors).toEqual([error]);
  });

  it('unsubscribes from an Observable when it is unsubscribed', () => {
    const { queue } = createQueue();
    const source$ = new Subject<string>();
    const { subscription } = watch(pour(source$, queue));
    expect(source$.observed).toBe(true);
    subscription.unsubscribe();
    expect(source$.observed).toBe(false);
  });

  it('ends an iterable when it is unsubscribed', async () => {
    const { queue, take } = createQueue();
    const source = counted(1_000);
    const { subscription } = watch(pour(source, queue));
    await turn();
    subscription.unsubscribe();
    await take();
    expect(source.ended).toBe(true);
    // One more may have been pulled to find out.
    expect(source.pulled).toBeLessThanOrEqual(BATCH_LINES + 1);
  });

  describe('in a life', () => {
    beforeEach(watchWarnings);
    afterEach(cleanUp);

    it('keeps a value that comes after a run from the next run', async () => {
      const gates: (() => void)[] = [];
      const output: string[] = [];
      let runs = 0;
      // Its second value comes when the gate is opened.
      async function* input() {
        const run = ++runs;
        yield `${run} early`;
        await new Promise<void>((open) => gates.push(open));
        yield `${run} late`;
      }
      const source = { [Symbol.asyncIterator]: input };
      const life$ = lifeOf(sh('read -r line; echo "$line"; read -r line; echo "$line"'), {
        input: source,
        output: { next: (value: string) => output.push(value) },
      });
      const first = life$.subscribe();
      await eventually(() => output.length === 1 && gates.length === 1);
      first.unsubscribe();
      const second = watch(life$);
      await eventually(() => output.includes('2 early') && gates.length === 2);
      // The source of the first run goes on, too late.
      gates[0]?.();
      await turn();
      gates[1]?.();
      await eventually(() => second.completed);
      expect(output.filter((value) => value !== '')).toEqual(['1 early', '2 early', '2 late']);
    });
  });
});

describe('pumpPulled', () => {
  it('emits its progress with each batch, and completes when all was taken', async () => {
    const { queue, take } = createQueue();
    const recorded = watch<FeedProgress>(pumpPulled(counted(100), queue));
    await turn();
    const full = { values: BATCH_LINES, bytes: BATCH_LINES * 1_000 };
    expect(recorded.values).toEqual([full]);
    await take();
    expect(recorded).toMatchObject({ values: [full], completed: false });
    await take();
    expect(recorded).toMatchObject({
      values: [full, { values: 100, bytes: 100_000 }],
      completed: true,
    });
  });

  it('counts bytes, not characters', async () => {
    const { queue, take } = createQueue();
    const recorded = watch<FeedProgress>(pumpPulled(['é', '€', '😀'], queue));
    await take();
    await turn();
    expect(recorded.values).toEqual([{ values: 3, bytes: 2 + 3 + 4 + 3 }]);
  });

  it('pulls no further when it is left while a value waits for room', async () => {
    const { queue, take } = createQueue(1_500);
    const source = counted(10);
    const recorded = watch(pumpPulled(source, queue));
    await turn();
    expect(source.pulled).toBe(2);
    recorded.subscription.unsubscribe();
    expect(await take()).toEqual([line]);
    await turn();
    expect(source).toMatchObject({ pulled: 2, ended: true });
    expect(await take()).toEqual([]);
  });

  it('lets a source fail that it has left', async () => {
    const failure = Promise.reject<IteratorResult<string>>(new Error('too late'));
    const then = jest.spyOn(failure, 'then');
    const source: AsyncIterable<string> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => undefined),
        return: () => failure,
      }),
    };
    watch(pumpPulled(source, createQueue().queue)).subscription.unsubscribe();
    await turn();
    // A promise whose rejection nobody takes would end the host.
    expect(then).toHaveBeenCalledWith(undefined, expect.any(Function));
  });

  it('reports lost values, when they are queued and afterwards', async () => {
    const { queue, rejected } = createQueue();
    const lost: string[] = [];
    watch(pumpPulled(['a', 'b\n', 'c'], queue, (error) => lost.push(error.name)));
    await turn();
    expect(lost).toEqual(['LineBreakError']);
    queue.close(() => new Error('closed'));
    await turn();
    expect(lost).toEqual(['LineBreakError', 'Error']);
    expect(rejected).toEqual(['b\n', 'a', 'c']);
  });

  it('completes, without a listener, even if values were lost', async () => {
    const { queue } = createQueue();
    const recorded = watch(pumpPulled(['a', 'b\n'], queue));
    queue.close(() => new Error('closed'));
    await turn();
    expect(recorded).toMatchObject({ errors: [], completed: true });
  });
});
