import type { OperatorFunction } from 'rxjs';
import { checkArguments } from '../contract/options.js';
import type { Pool } from '../contract/Pool.js';
import type { RemotePool } from '../contract/RemotePool.js';
import type { ReactiveWorker } from '../contract/ReactiveWorker.js';
import { planRequests } from './planRequests.js';
import type { Concurrency, KeyOptions, ReplyOptions, RequestOptions } from './RequestOptions.js';

/**
 * Asks a program: each value of the source is a request, and what comes out are the replies. It is
 * `mergeMap((request) => ask(worker, request, options), concurrency)`: see {@link ask} for all that holds for a request.
 *
 * With a `concurrency` of 1 (a worker, with `reply`) replies come in the order of the requests. With more (a pool, or
 * `key`) they come as they are ready, and nothing pairs them: where the request matters, ask by yourself,
 * `mergeMap((q) => ask(pool, q, options).pipe(map((reply) => [q, reply])))`, and where the order matters, with one
 * worker or `concatMap`. An error ends the stream and the exchanges of this source; to go on, catch it per request:
 * `mergeMap((q) => ask(worker, q, options).pipe(catchError(…)))`.
 *
 * @example
 * ```ts
 * positions$.pipe(
 *   exchange(engine, { reply: takeWhile((line) => !line.startsWith('bestmove'), true) }),
 * );
 * requests$.pipe(exchange(server, { key: (message) => message.id }));
 * ```
 *
 * @param worker - a worker or a pool.
 * @param options - with `reply` or with `key`.
 * @returns an operator from requests to replies; errors as {@link ask} does.
 * @throws TypeError, RangeError for a wrong argument.
 * @see {@link ask}
 */
export function exchange<Out, In, Reply>(
  worker: ReactiveWorker<Out, In> | Pool<Out, In>,
  options: ReplyOptions<Out, In, Reply> & Concurrency,
): OperatorFunction<In, Reply>;
/** Asks a program whose replies share an id with their request; any number is under way at a time. */
export function exchange<Out, In>(
  worker: ReactiveWorker<Out, In>,
  options: KeyOptions<Out, In> & Concurrency,
): OperatorFunction<In, Out>;
/** Asks programs on other machines, where the reply is defined. */
export function exchange<In, Reply>(
  pool: RemotePool<In, Reply>,
  options?: RequestOptions & Concurrency,
): OperatorFunction<In, Reply>;
export function exchange<Out, In, Reply>(
  worker: ReactiveWorker<Out, In> | Pool<Out, In> | RemotePool<In, Reply>,
  options: (ReplyOptions<Out, In, Reply> | KeyOptions<Out, In> | RequestOptions) & Concurrency = {},
): OperatorFunction<In, Reply | Out> {
  checkArguments('exchange', arguments, 2);
  return planRequests<Out, In, Reply>('exchange', worker, options).exchange;
}
