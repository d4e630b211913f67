import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel';
import {
  catchError,
  EMPTY,
  filter,
  firstValueFrom,
  ignoreElements,
  lastValueFrom,
  mergeMap,
  type Observable,
  of,
  Subject,
  take,
  toArray,
  type OperatorFunction,
} from 'rxjs';
import {
  ask,
  createPool,
  createWorker,
  exchange,
  ExitError,
  fromCommand,
  jsonLines,
  LineBreakError,
  restartOnExit,
  SpawnError,
  type ExchangeMessage,
  type RejectedMessage,
  type RunMessage,
  type StatusMessage,
} from 'simple-ipc';
import {
  cleanUp,
  numbers,
  sh,
  takeWarnings,
  temporaryFolder,
  use,
  watchWarnings,
} from './support/programs.js';

interface Event<Message> {
  readonly event: string;
  readonly message: Message;
  /** What the subscriber finds in the caller's asynchronous context. */
  readonly context: unknown;
}

const caller = new AsyncLocalStorage<string>();
const cleanups: (() => void)[] = [];

/** All events of an operation from now on. */
function traced<Message>(operation: string): Event<Message>[] {
  const events: Event<Message>[] = [];
  for (const event of ['start', 'asyncEnd', 'error']) {
    const name = `tracing:simple-ipc:${operation}:${event}`;
    const listen = (message: unknown) =>
      events.push({ event, message: message as Message, context: caller.getStore() });
    subscribe(name, listen);
    cleanups.push(() => unsubscribe(name, listen));
  }
  return events;
}

/** All messages of a channel from now on. */
function published<Message>(name: string): Message[] {
  const messages: Message[] = [];
  const listen = (message: unknown) => messages.push(message as Message);
  subscribe(name, listen);
  cleanups.push(() => unsubscribe(name, listen));
  return messages;
}

const named = (events: readonly Event<unknown>[]) => events.map(({ event }) => event);
const byEvent = <Message>(events: readonly Event<Message>[], event: string) =>
  events.filter((each) => each.event === event);

describe('channels', () => {
  beforeEach(watchWarnings);
  afterEach(async () => {
    for (const clean of cleanups.splice(0)) clean();
    await cleanUp();
  });

  describe('the channel of runs', () => {
    it('has one message from the spawn to the end, with the exit', async () => {
      const events = traced<RunMessage>('run');
      await lastValueFrom(fromCommand('echo hello'));
      expect(named(events)).toEqual(['start', 'asyncEnd']);
      const [start, end] = events;
      expect(end!.message).toBe(start!.message);
      expect(end!.message).toMatchObject({
        name: 'echo',
        command: ['echo', 'hello'],
        generation: 1,
        pid: expect.any(Number) as number,
        result: { reason: 'success', code: 0 },
      });
      expect(end!.message).not.toHaveProperty('error');
    });

    it('has the error of a run that failed before its end', async () => {
      const events = traced<RunMessage>('run');
      const failing$ = fromCommand(sh('exit 3'), { name: 'importer' });
      await lastValueFrom(failing$.pipe(catchError(() => EMPTY)), { defaultValue: undefined });
      expect(named(events)).toEqual(['start', 'error', 'asyncEnd']);
      const { name, result, error } = events[2]!.message;
      expect({ name, code: result?.code }).toEqual({ name: 'importer', code: 3 });
      expect(error).toBeInstanceOf(ExitError);
    });

    it('has no pid of a program that could not be started', async () => {
      const events = traced<RunMessage>('run');
      const failing$ = fromCommand('/no/such/program.exe');
      await lastValueFrom(failing$.pipe(catchError(() => EMPTY)), { defaultValue: undefined });
      expect(named(events)).toEqual(['start', 'error', 'asyncEnd']);
      expect(events[0]!.message).not.toHaveProperty('pid');
      expect(events[0]!.message.name).toBe('program');
      expect(events[0]!.message.error).toBeInstanceOf(SpawnError);
    });

    it('begins in the context of the subscriber', async () => {
      const events = traced<RunMessage>('run');
      const run = () => lastValueFrom(fromCommand('true'), { defaultValue: undefined });
      await caller.run('GET /', run);
      expect(byEvent(events, 'start').map(({ context }) => context)).toEqual(['GET /']);
    });

    it('has each run of a worker, and is found by tracingChannel()', async () => {
      const generations: number[] = [];
      const ends: (string | undefined)[] = [];
      const handlers = {
        start: (message: RunMessage) => generations.push(message.generation),
        end: () => undefined,
        asyncStart: () => undefined,
        asyncEnd: (message: RunMessage) => ends.push(message.result?.reason),
        error: () => undefined,
      };
      const runs = tracingChannel<string, RunMessage>('simple-ipc:run');
      runs.subscribe(handlers);
      cleanups.push(() => runs.unsubscribe(handlers));
      const worker = use(createWorker('cat'));
      await worker.restart();
      await worker.stop();
      expect({ generations, ends }).toEqual({ generations: [1, 2], ends: ['recycled', 'stopped'] });
    });
  });

  describe('the channel of exchanges', () => {
    const reply = take<string>(1);
    const dying = { supervise: restartOnExit({ when: 'always' }) };
    const key = ({ id }: { id: number }) => id;
    const codec = jsonLines<{ id: number }>();

    /** The exchanges that there are, each with three requests at most one of which is under way. */
    const kinds: readonly [string, () => OperatorFunction<number, unknown>][] = [
      ['in turn', () => exchangeOf(() => exchange(use(createWorker('cat')), { reply }))],
      [
        'by key',
        () => (source$) =>
          source$.pipe(
            mergeMap((id) => of({ id })),
            exchange(use(createWorker<{ id: number }, { id: number }>('cat', { codec })), {
              key,
              concurrency: 1,
            }),
          ),
      ],
      [
        'of a pool',
        () => exchangeOf(() => exchange(use(createPool('cat', { size: 1 })), { reply })),
      ],
    ];
    const exchangeOf = (
      make: () => OperatorFunction<string, string>,
    ): OperatorFunction<number, unknown> => {
      return (source$) =>
        source$.pipe(
          mergeMap((n) => of(String(n))),
          make(),
        );
    };

    it.each(kinds)(
      'keeps the context in which the source emitted each request, %s',
      async (_, kind) => {
        const events = traced<ExchangeMessage>('exchange');
        const source$ = new Subject<number>();
        const replies = lastValueFrom(source$.pipe(kind(), toArray()));
        for (const n of [1, 2, 3]) caller.run(`request ${n}`, () => source$.next(n));
        source$.complete();
        expect(await replies).toHaveLength(3);
        expect(byEvent(events, 'start').map(({ context }) => context)).toEqual([
          'request 1',
          'request 2',
          'request 3',
        ]);
        const ends = byEvent(events, 'asyncEnd').map(({ message }) => message);
        expect(ends).toEqual(byEvent(events, 'start').map(({ message }) => message));
        expect(ends.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual(
          Array(3).fill('cat replied'),
        );
        expect(ends.map(({ result }) => result)).toEqual(ends.map(({ request }) => request));
        expect(byEvent(events, 'error')).toEqual([]);
      },
    );

    it.each(kinds)('ends requests that are left, those that wait included, %s', async (_, kind) => {
      const events = traced<ExchangeMessage>('exchange');
      const source$ = new Subject<number>();
      const subscription = source$.pipe(kind()).subscribe();
      for (const n of [1, 2, 3]) source$.next(n);
      subscription.unsubscribe();
      expect(byEvent(events, 'start')).toHaveLength(3);
      expect(byEvent(events, 'asyncEnd').map(({ message }) => message.outcome)).toEqual(
        Array(3).fill('left'),
      );
      await cleanUp();
      expect(events).toHaveLength(6);
    });

    it.each([
      ['in turn', () => ask(use(createWorker(sh('read line; exit 4'), dying)), 'die', { reply })],
      [
        'by key',
        () =>
          ask(
            use(
              createWorker<{ id: number }, { id: number }>(sh('read line; exit 4'), {
                ...dying,
                codec,
              }),
            ),
            { id: 1 },
            { key },
          ),
      ],
      [
        'of a pool',
        () =>
          ask(use(createPool(sh('read line; exit 4'), { size: 2, name: 'scorer' })), 'die', {
            reply,
          }),
      ],
    ] as const)('has the error of a request that failed, %s', async (kind, asked) => {
      const events = traced<ExchangeMessage>('exchange');
      const errors: unknown[] = [];
      const reply$: Observable<unknown> = asked();
      const failing$ = reply$.pipe(
        ignoreElements(),
        catchError((error: unknown) => {
          errors.push(error);
          return EMPTY;
        }),
      );
      await lastValueFrom(failing$, { defaultValue: undefined });
      expect(named(events)).toEqual(['start', 'error', 'asyncEnd']);
      const { name, outcome, error } = events[2]!.message;
      expect({ name, outcome }).toEqual({
        name: kind === 'of a pool' ? 'scorer' : 'sh',
        outcome: 'failed',
      });
      expect([error]).toEqual(errors);
      expect(error).toBeInstanceOf(ExitError);
    });

    it('has a request that is asked again once', async () => {
      const events = traced<ExchangeMessage>('exchange');
      const pool = use(
        createPool(
          sh(
            'read line; [ -e "$1" ] || { : > "$1"; exit 1; }; echo "$line"',
            join(temporaryFolder(), 'asked'),
          ),
          {
            size: 1,
            supervise: restartOnExit({ when: 'always', delayMs: 1 }),
          },
        ),
      );
      await lastValueFrom(ask(pool, 'again', { reply, idempotent: true }));
      expect(named(events)).toEqual(['start', 'asyncEnd']);
    });

    it('ends a request whose key is missing', async () => {
      const events = traced<ExchangeMessage>('exchange');
      const worker = use(createWorker<{ id: number }, { id: number }>('cat', { codec }));
      const replies$ = of({ id: 0 }).pipe(exchange(worker, { key: () => undefined }));
      await expect(lastValueFrom(replies$)).rejects.toThrow(TypeError);
      expect(named(events)).toEqual(['start', 'error', 'asyncEnd']);
    });

    it('is heard by a subscriber that comes after the exchange was subscribed', async () => {
      const worker = use(createWorker('cat'));
      const source$ = new Subject<string>();
      const replies$ = new Subject<string>();
      source$.pipe(exchange(worker, { reply })).subscribe(replies$);
      const first = firstValueFrom(replies$);
      source$.next('before');
      await first;
      const events = traced<ExchangeMessage>('exchange');
      const second = firstValueFrom(replies$);
      source$.next('after');
      await second;
      expect(events.map(({ event, message }) => [event, message.request])).toEqual([
        ['start', 'after'],
        ['asyncEnd', 'after'],
      ]);
    });
  });

  describe('the channel of statuses', () => {
    it('has each status of a worker that its subscribers get, and its end', async () => {
      const messages = published<StatusMessage>('simple-ipc:status');
      const worker = createWorker('cat', { name: 'echo' });
      const seen: string[] = [];
      worker.status$.subscribe(({ state }) => seen.push(state));
      await firstValueFrom(worker.status$.pipe(filter(({ state }) => state === 'running')));
      await worker[Symbol.asyncDispose]();
      expect(
        messages.map(({ status, isDisposed }) => status.state + (isDisposed ? ', disposed' : '')),
      ).toEqual([...seen, `${seen.at(-1)}, disposed`]);
      for (const message of messages) {
        expect(message.worker).toBe(worker);
        expect(message.name).toBe('echo');
      }
    });

    it('counts as no observer: a failure that nobody observes is a warning still', async () => {
      published<StatusMessage>('simple-ipc:status');
      const worker = use(createWorker('/no/such/program'));
      while (worker.status$.value.state !== 'failed') await setImmediate();
      expect(takeWarnings()).toEqual([expect.stringContaining('could not be started')]);
    });
  });

  describe('the channel of rejected input', () => {
    it('has each value with its reason', async () => {
      const messages = published<RejectedMessage>('simple-ipc:rejected');
      const worker = use(createWorker('cat'));
      worker.rejected$.subscribe();
      worker.send.next('two\nlines');
      await worker.stop();
      expect(messages).toMatchObject([{ name: 'cat', value: 'two\nlines' }]);
      expect(messages[0]!.error).toBeInstanceOf(LineBreakError);
    });
  });

  it('publishes nothing per line', async () => {
    const runs = traced<RunMessage>('run');
    const exchanges = traced<ExchangeMessage>('exchange');
    const statuses = published<StatusMessage>('simple-ipc:status');
    const worker = use(createWorker('seq 1000'));
    const output = await lastValueFrom(worker.output$.pipe(take(1000), toArray()));
    await worker.stop();
    expect(output).toEqual(numbers(1001).slice(1));
    expect(runs).toHaveLength(2);
    expect(exchanges).toHaveLength(0);
    expect(statuses.length).toBeLessThan(6);
  });
});
