import {
  filter,
  map,
  of,
  take,
  takeWhile,
  toArray,
  type MonoTypeOperatorFunction,
  type Observable,
} from 'rxjs';
import {
  createPool,
  createWorker,
  exchange,
  feed,
  jsonLines,
  consume,
  restartOnExit,
  type Exit,
  type FeedProgress,
  type LineInput,
  type Pool,
  type PoolStatus,
  type ReactiveWorker,
  type StatusSubject,
  type WorkerStatus,
} from 'simple-ipc';
import { expectTypeOf } from './expectTypeOf.js';

interface Request {
  readonly id: number;
  readonly method: string;
}
interface Reply {
  readonly id: number;
  readonly result: string;
}
declare const lines$: Observable<string>;
declare const requests$: Observable<Request>;
declare const requests: AsyncIterable<Request>;
const worker = createWorker('bc');
const server = createWorker('server', { codec: jsonLines<Reply, Request>() });
const pool = createPool('bc', { size: 2 });
const serverPool = createPool('server', { size: 2, codec: jsonLines<Reply, Request>() });

// exchange, by reply
const bestMove = takeWhile((line: string) => !line.startsWith('bestmove'), true);
expectTypeOf(lines$.pipe(exchange(worker, { reply: take(1) }))).is<Observable<string>>();
expectTypeOf(lines$.pipe(exchange(worker, { reply: bestMove }))).is<Observable<string>>();
expectTypeOf(
  lines$.pipe(exchange(worker, { reply: takeWhile((line) => !line.startsWith('bestmove'), true) })),
).is<Observable<string>>();
expectTypeOf(requests$.pipe(exchange(server, { reply: take(1) }))).is<Observable<Reply>>();
expectTypeOf(
  requests$.pipe(
    exchange(server, {
      concurrency: Infinity,
      timeoutMs: 1_000,
      idempotent: true,
      maxAttempts: 2,
      reply(output$, request) {
        expectTypeOf(output$).is<Observable<Reply>>();
        expectTypeOf(request).is<Request>();
        return output$.pipe(
          filter(({ id }) => id === request.id),
          take(1),
          map(({ result }) => result.length),
        );
      },
    }),
  ),
).is<Observable<number>>();
expectTypeOf(
  lines$.pipe(exchange(worker, { reply: (output$) => output$.pipe(take(2), toArray()) })),
).is<Observable<string[]>>();

// exchange, by key
expectTypeOf(requests$.pipe(exchange(server, { key: ({ id }) => id }))).is<Observable<Reply>>();
expectTypeOf(
  requests$.pipe(
    exchange(server, {
      key(message) {
        expectTypeOf(message).is<Reply | Request>();
        return message.id;
      },
      concurrency: 10,
    }),
  ),
).is<Observable<Reply>>();

// exchange, with a pool
expectTypeOf(lines$.pipe(exchange(pool, { reply: take(1) }))).is<Observable<string>>();
expectTypeOf(requests$.pipe(exchange(serverPool, { reply: take(1) }))).is<Observable<Reply>>();
expectTypeOf(
  requests$.pipe(
    exchange(serverPool, {
      reply: (output$) =>
        output$.pipe(
          take(1),
          map(({ id }) => id),
        ),
    }),
  ),
).is<Observable<number>>();

// @ts-expect-error -- neither reply nor key
exchange(worker, {});
// @ts-expect-error -- not both at once
exchange(worker, { reply: take(1), key: (line: LineInput) => line });
// @ts-expect-error -- a worker of a pool has one request at a time
exchange(serverPool, { key: (message: Reply | Request) => message.id });
// @ts-expect-error -- not a worker
exchange(lines$, { reply: take(1) });
// @ts-expect-error -- a reply is an Observable
exchange(worker, { reply: () => 'reply' });
// @ts-expect-error -- not what the worker takes
lines$.pipe(exchange(server, { reply: take(1) }));
// @ts-expect-error -- nor this
of({ id: 1 }).pipe(exchange(server, { key: ({ id }) => id }));
// @ts-expect-error -- an object is no line
requests$.pipe(exchange(pool, { reply: take(1) }));
// @ts-expect-error -- replies have no such thing
exchange(server, { reply: (output$) => output$.pipe(filter(({ code }) => code === 0)) });

// createPool
expectTypeOf(pool).is<Pool>();
expectTypeOf(pool.workers).is<readonly ReactiveWorker[]>();
expectTypeOf(pool.status$).is<StatusSubject<PoolStatus>>();
expectTypeOf(pool.stop()).is<Promise<void>>();
expectTypeOf(serverPool).is<Pool<Reply, Request>>();

// @ts-expect-error -- how many?
createPool('bc');
// @ts-expect-error -- how many?
createPool('bc', {});
createPool('bc', { size: 2, supervise: restartOnExit() });
// @ts-expect-error -- a policy is an operator, as for a worker
createPool('bc', { size: 2, supervise: { maxRestarts: 1 } });
// @ts-expect-error -- lines are not numbers
const numbers: Pool<number> = createPool('bc', { size: 2 });
expectTypeOf(numbers).is<Pool<number>>();

// feed
expectTypeOf(feed(worker, ['a', 1])).is<Observable<FeedProgress>>();
expectTypeOf(feed(worker, new Set(['a']))).is<Observable<FeedProgress>>();
expectTypeOf(feed(server, requests)).is<Observable<FeedProgress>>();
feed(server, [{ id: 1, method: 'a' }]);
feed(worker, process.stdin);

// @ts-expect-error -- an Observable cannot be slowed down
feed(worker, lines$);
// @ts-expect-error -- an object is no line
feed(worker, [{ id: 1 }]);
// @ts-expect-error -- a request has a method
feed(server, [{ id: 1 }]);
// @ts-expect-error -- nor is an object one
feed(worker, requests);
// @ts-expect-error -- not a worker
feed(pool, ['a']);

// consume
expectTypeOf(consume(worker, (line) => Promise.resolve(line.length))).is<Observable<number>>();
expectTypeOf(consume(server, ({ result }) => of(result), { concurrency: 4 })).is<
  Observable<string>
>();
expectTypeOf(consume(worker, (line) => [line], { highWater: 10 })).is<Observable<string>>();

// @ts-expect-error -- what is not asynchronous is done by map()
consume(worker, (line) => line.length);
// @ts-expect-error -- lines are text
consume(worker, (value: number) => of(value));
// @ts-expect-error -- an object, never a number
consume(worker, (line) => of(line), 4);

// restartOnExit
expectTypeOf(restartOnExit()).is<MonoTypeOperatorFunction<WorkerStatus>>();
restartOnExit({
  when(exit) {
    expectTypeOf(exit).is<Exit>();
    return exit.code !== 2 && exit.reason !== 'spawn-error';
  },
});

// @ts-expect-error -- not a choice
restartOnExit({ when: 'never' });
// @ts-expect-error -- an object, never a number
restartOnExit(3);
// @ts-expect-error -- there is no such reason
restartOnExit({ when: ({ reason }) => reason === 'crashed' });
// @ts-expect-error -- not on lines
lines$.pipe(restartOnExit());
