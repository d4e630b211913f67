import { mergeMap, type Observable, type OperatorFunction } from 'rxjs';
import { abortable } from '../rx/abortable.js';
import { exchangeByKey } from './exchangeByKey.js';
import { exchangeInTurn } from './exchangeInTurn.js';
import {
  atLeastOne,
  boolean,
  callable,
  integer,
  methods,
  nonNegative,
  type Check,
} from '../contract/check.js';
import { checkArguments, checkOptions, type Checks } from '../contract/options.js';
import type { Pool } from '../contract/Pool.js';
import { poolTargets, type PoolTarget } from './PoolTarget.js';
import type { ReactiveWorker } from '../contract/ReactiveWorker.js';

/** What every exchange can be told. */
export interface ExchangeLimits {
  /**
   * How long a reply may take, in milliseconds, from when the request is handed over to be written: what is queued
   * before it counts. Then `ReplyTimeoutError`, which is never asked again. Without a limit a reply that never comes holds its turn for ever. @defaultValue Infinity
   */
  readonly timeoutMs?: number;
  /**
   * Whether a request may be asked again when its run ended before the reply was complete. What was
   * emitted of the reply before is then emitted anew. @defaultValue false: `ExitError`
   */
  readonly idempotent?: boolean;
  /** How often an idempotent request is asked in all, so that one which kills its program ends too. @defaultValue 3 */
  readonly maxAttempts?: number;
  /** Ends the exchanges when it is aborted: the stream errors with the signal's reason. @defaultValue none */
  readonly signal?: AbortSignal;
}

/** Replies are found by their order, or by what `reply` looks for. */
export interface ReplyOptions<Out, In, Reply> extends ExchangeLimits {
  /**
   * Gets the output from the instant the request is written. The exchange ends when the Observable that it
   * returns completes; for a request without a reply return `EMPTY`, and it ends when that is written. An operator
   * will do: `take(1)`.
   * If it errors nobody knows where the reply ends, and in turn mode the run is ended as after a time-out: to
   * fail for what a reply says, do so behind the exchange.
   */
  readonly reply: (output$: Observable<Out>, request: In) => Observable<Reply>;
  /**
   * How many requests are under way at a time. More than 1 only if `reply` tells their replies apart, or
   * with a pool, each of whose workers has one at a time. @defaultValue 1, or the size of the pool
   */
  readonly concurrency?: number;
}

/** Replies are found by an id that they share with their request. */
export interface KeyOptions<Out, In> extends ExchangeLimits {
  /**
   * The id of a request, and of a reply. Each request has one reply, and a key that no other under way has;
   * a message whose key is `undefined` is no reply. If it throws for a message, all that is under way with it
   * fails; for a request, that stream does. Keep it in a constant: exchanges with one worker and one
   * function share a look-up, and know each other's ids.
   */
  readonly key: (message: Out | In) => unknown;
  /** How many requests are under way at a time. @defaultValue Infinity */
  readonly concurrency?: number;
}

const attempts: Check = (name, value) => {
  atLeastOne(name, value);
  if (value !== Infinity) integer(name, value);
};

const EXCHANGE_CHECKS = {
  reply: callable,
  key: callable,
  concurrency: atLeastOne,
  timeoutMs: nonNegative,
  idempotent: boolean,
  maxAttempts: attempts,
  signal: methods('addEventListener', 'removeEventListener'),
} satisfies Checks<ReplyOptions<unknown, unknown, unknown> & KeyOptions<unknown, unknown>>;

/**
 * Asks a program: each value of the source is a request, and what comes out are the replies.
 *
 * With `reply` and a `concurrency` of 1, requests of all such exchanges with the worker take turns, so
 * that each gets its own reply even where replies carry no id. A reply that comes too late never
 * reaches the next request: after a time-out the run is ended and the next begun (`worker.restart()`), and
 * a request that was unsubscribed keeps its turn until its reply is complete or `timeoutMs` is over.
 *
 * With `key`, any number is under way at a time and each message costs one look-up. A late reply is ignored.
 *
 * A request waits while the worker is starting or restarting. The stream errors with `ExitError` if a run ends
 * before the reply, with `ReplyTimeoutError`, `NotRunningError` at rest, or with why a request
 * could not be sent; an error ends the stream and the exchanges of this source. To go on, give each
 * request a stream of its own: `mergeMap((r) => of(r).pipe(exchange(worker, options), catchError(…)))`.
 *
 * @example
 * ```ts
 * positions$.pipe(
 *   exchange(engine, { reply: takeWhile((line) => !line.startsWith('bestmove'), true) }),
 * );
 * requests$.pipe(exchange(server, { key: (message) => message.id }));
 * ```
 *
 * @param worker - made by `createWorker`.
 * @param options - with `reply` or with `key`.
 * @returns an operator from requests to replies.
 * @throws TypeError, RangeError for a wrong argument.
 * @see {@link createPool}, for several programs of one kind
 */
export function exchange<Out, In, Reply>(
  worker: ReactiveWorker<Out, In> | Pool<Out, In>,
  options: ReplyOptions<Out, In, Reply>,
): OperatorFunction<In, Reply>;
/** Asks a program whose replies share an id with their request; any number is under way at a time. */
export function exchange<Out, In>(
  worker: ReactiveWorker<Out, In>,
  options: KeyOptions<Out, In>,
): OperatorFunction<In, Out>;
export function exchange<Out, In, Reply>(
  worker: ReactiveWorker<Out, In> | Pool<Out, In>,
  options: ReplyOptions<Out, In, Reply> | KeyOptions<Out, In>,
): OperatorFunction<In, Reply | Out> {
  checkArguments('exchange', arguments, 2);
  const { concurrency, limits, signal, pool } = checked(worker, options);
  let operator: OperatorFunction<In, Reply | Out>;
  if (isKeyed(options)) {
    operator = exchangeByKey(worker as ReactiveWorker<Out, In>, options.key, limits, concurrency);
  } else if (pool) {
    operator = mergeMap(pool.ask(options.reply, limits), concurrency);
  } else {
    const ask = exchangeInTurn(
      worker as ReactiveWorker<Out, In>,
      options.reply,
      limits,
      concurrency === 1,
    );
    operator = mergeMap(ask, concurrency);
  }
  return (source$) => {
    const replies$ = source$.pipe(operator);
    return signal ? abortable(replies$, signal) : replies$;
  };
}

function checked<Out, In, Reply>(
  worker: ReactiveWorker<Out, In> | Pool<Out, In>,
  options: ReplyOptions<Out, In, Reply> | KeyOptions<Out, In>,
) {
  const given: unknown = options;
  checkOptions('exchange', given ?? null, EXCHANGE_CHECKS);
  const { key, reply }: Partial<ReplyOptions<Out, In, Reply> & KeyOptions<Out, In>> = options;
  if ((key === undefined) === (reply === undefined)) {
    throw new TypeError('options must have reply or key, one of them');
  }
  const pool = poolTargets.get(worker) as PoolTarget<Out, In> | undefined;
  if (key && pool) {
    throw new TypeError(
      'key is for a single worker: each worker of a pool has one request at a time',
    );
  }
  const { timeoutMs = Infinity, idempotent = false, maxAttempts = 3, signal } = options;
  const usual = pool?.size ?? 1;
  const { concurrency = key ? Infinity : usual } = options;
  return {
    pool,
    concurrency,
    signal,
    limits: { timeoutMs, attempts: idempotent ? maxAttempts : 1 },
  };
}

function isKeyed<Out, In, Reply>(
  options: ReplyOptions<Out, In, Reply> | KeyOptions<Out, In>,
): options is KeyOptions<Out, In> {
  return (options as Partial<KeyOptions<Out, In>>).key !== undefined;
}
