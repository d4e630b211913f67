import type { Observable } from 'rxjs';
import { checkArguments } from '../contract/options.js';
import type { Pool } from '../contract/Pool.js';
import type { RemotePool } from '../contract/RemotePool.js';
import type { ReactiveWorker } from '../contract/ReactiveWorker.js';
import { planRequests } from './planRequests.js';
import type { KeyOptions, ReplyOptions, RequestOptions } from './RequestOptions.js';

/**
 * Asks a program: sends one request and emits its reply.
 *
 * It is cold: each subscription is a request of its own, made while the worker runs, or as soon as it does. The reply is
 * paired with its request by the call itself. Unsubscribing abandons the reply. Errors never come from inside of
 * `subscribe()`, so that `retry()` lets others have their turn.
 *
 * With `reply`, requests to a worker take turns, whoever makes them: one is written when the reply of the one before is
 * complete, and nothing that was read before is given to it. A request that was unsubscribed keeps its turn until its
 * reply is complete; one that times out ends the run, since the rest of its reply could be taken for the next.
 * Without ids, any line that comes after the request was written counts as its reply. Give replies an end mark, or use
 * ids, where the program may write lines without a request (`worker.unsolicited$`).
 *
 * With `key`, any number of requests is under way, and each message costs one look-up. An id that was given up (by a
 * time-out or an unsubscription) stays taken until its reply comes, or the run ends.
 *
 * An unterminated line of a program that dies is no reply: the request fails with `ExitError`, or is asked again
 * after the restart if it is `idempotent`.
 *
 * @example
 * ```ts
 * const best = { reply: takeWhile((line: string) => !line.startsWith('bestmove'), true), timeoutMs: 5_000 };
 * positions$.pipe(switchMap((position) => ask(engine, position, best))).subscribe((line) => console.log(line));
 * ```
 *
 * @param worker - a worker, or a pool, whose next idle worker gets the request.
 * @param request - the value to send.
 * @param options - with `reply` or with `key`; see {@link ReplyOptions} and {@link KeyOptions}.
 * @returns the reply; errors with `ExitError` if the run ends before it is complete, `ReplyTimeoutError`,
 * `InputClosedError` if it was not written, `NotRunningError` at rest, the error of `reply`, or the error of a request that
 * cannot be sent (`LineBreakError`, what `encode` throws, …).
 * @throws TypeError, RangeError for a wrong argument.
 * @see {@link exchange}, its operator; {@link createPool}, for several programs of one kind
 */
export function ask<Out, In, Reply>(
  worker: ReactiveWorker<Out, In> | Pool<Out, In>,
  request: In,
  options: ReplyOptions<Out, In, Reply>,
): Observable<Reply>;
/** Asks a program whose replies share an id with their request. */
export function ask<Out, In>(
  worker: ReactiveWorker<Out, In>,
  request: In,
  options: KeyOptions<Out, In>,
): Observable<Out>;
/** Asks programs on other machines, where the reply is defined. */
export function ask<In, Reply>(
  pool: RemotePool<In, Reply>,
  request: In,
  options?: RequestOptions,
): Observable<Reply>;
export function ask<Out, In, Reply>(
  worker: ReactiveWorker<Out, In> | Pool<Out, In> | RemotePool<In, Reply>,
  request: In,
  options: ReplyOptions<Out, In, Reply> | KeyOptions<Out, In> | RequestOptions = {},
): Observable<Reply | Out> {
  checkArguments('ask', arguments, 3);
  return planRequests<Out, In, Reply>('ask', worker, options).ask(request);
}
