import { Observable, type OperatorFunction } from 'rxjs';
import {
  atLeastOne,
  boolean,
  callable,
  integer,
  methods,
  nonNegative,
  type Check,
} from '../contract/check.js';
import { checkOptions, type Checks } from '../contract/options.js';
import type { RequestTracer } from '../contract/RequestTracer.js';
import type { RequestLimits } from '../contract/RequestLimits.js';
import type { Pool } from '../contract/Pool.js';
import type { RemotePool } from '../contract/RemotePool.js';
import type { ReactiveWorker } from '../contract/ReactiveWorker.js';
import { abortable } from '../rx/abortable.js';
import { runGuarded } from '../rx/runGuarded.js';
import { soon } from '../rx/soon.js';
import { askTargetOf } from './AskTarget.js';
import { exchangeByKey } from './exchangeByKey.js';
import { KeyedRequest, type KeyPlan } from './KeyedRequest.js';
import { ReplyRequest, type ReplyPlan } from './ReplyRequest.js';
import type { Concurrency, KeyOptions, ReplyOptions } from './RequestOptions.js';
import { requestsOf, type Requests } from './Requests.js';
import { mergeTraced, traceRequest } from './traceRequests.js';

/** Options of whatever kind, as a caller may give them. */
type AnyOptions<Out, In, Reply> = Concurrency &
  Partial<ReplyOptions<Out, In, Reply> & KeyOptions<Out, In>>;

const attempts: Check = (name, value) => {
  atLeastOne(name, value);
  if (value !== Infinity) integer(name, value);
};

const ASK_CHECKS = {
  reply: callable,
  key: callable,
  inTurn: boolean,
  maxTimeouts: atLeastOne,
  timeoutMs: nonNegative,
  idleTimeoutMs: nonNegative,
  idempotent: boolean,
  maxAttempts: attempts,
  signal: methods('addEventListener', 'removeEventListener'),
} satisfies Checks<ReplyOptions<unknown, unknown, unknown> & KeyOptions<unknown, unknown>>;

const CHECKS = {
  ask: ASK_CHECKS,
  exchange: { ...ASK_CHECKS, concurrency: atLeastOne } satisfies Checks<
    AnyOptions<unknown, unknown, unknown>
  >,
};

/** How requests are asked: one at a time, and as an operator. */
export interface RequestPlan<In, Reply> {
  ask(request: In): Observable<Reply>;
  readonly exchange: OperatorFunction<In, Reply>;
}

/**
 * Checks the options of requests and fills in their defaults.
 *
 * @throws TypeError, RangeError that names the option.
 */
export function planRequests<Out, In, Reply>(
  caller: 'ask' | 'exchange',
  worker: ReactiveWorker<Out, In> | Pool<Out, In> | RemotePool<In, Reply>,
  options: AnyOptions<Out, In, Reply>,
): RequestPlan<In, Reply | Out> {
  const limits = checked(caller, options);
  const { key, reply, inTurn, concurrency, signal, maxTimeouts = 3 } = options;
  const target = askTargetOf<Reply & Out, In>(worker);
  if (target?.isRemote) {
    if (reply || key || options.idleTimeoutMs !== undefined) {
      throw new TypeError(
        `${caller}: reply, key and idleTimeoutMs are not for programs elsewhere; what a reply is, is said there`,
      );
    }
    return merging(
      (request) => target.ask(request, limits),
      concurrency ?? target.size,
      target.tracer,
      signal,
    );
  }
  if (target && (key || inTurn === false)) {
    throw new TypeError(
      `${caller}: key and inTurn: false are for a single worker; each of a pool has one request at a time`,
    );
  }
  if (reply && target) {
    const plan = { reply, inTurn: true, limits };
    return merging(
      (request) => target.ask(request, plan),
      concurrency ?? target.size,
      target.tracer,
      signal,
    );
  }
  const requests = requestsOf(worker as ReactiveWorker<Out, In>);
  if (reply && !key) {
    const plan = { reply, inTurn: inTurn ?? (concurrency ?? 1) === 1, limits };
    return merging(
      (request) => askByReply(requests, plan, request),
      concurrency ?? 1,
      requests.worker.tracer,
      signal,
    );
  }
  if (key && !reply) {
    const plan = { key, maxTimeouts, limits };
    const askOne = traceRequest(
      (request: In) => askByKey(requests, plan, request),
      requests.worker.tracer,
    );
    return {
      ask: (request) => until(signal, askOne(request)),
      exchange: (source$) =>
        until(signal, source$.pipe(exchangeByKey(requests, plan, concurrency ?? Infinity))),
    };
  }
  throw new TypeError(`${caller}: options must have reply or key, one of them`);
}

function merging<In, Reply>(
  ask: (request: In) => Observable<Reply>,
  concurrency: number,
  tracer: RequestTracer,
  signal: AbortSignal | undefined,
): RequestPlan<In, Reply> {
  const askTraced = traceRequest(ask, tracer);
  const merge = mergeTraced(ask, concurrency, tracer);
  return {
    ask: (request) => until(signal, askTraced(request)),
    exchange: (source$) => until(signal, source$.pipe(merge)),
  };
}

function until<T>(signal: AbortSignal | undefined, source$: Observable<T>): Observable<T> {
  return signal ? abortable(source$, signal) : source$;
}

/** Asks a worker once per subscription and emits what `reply` makes of its output. */
export function askByReply<Out, In, Reply>(
  requests: Requests<Out, In>,
  plan: ReplyPlan<Out, In, Reply>,
  value: In,
): Observable<Reply> {
  return new Observable((subscriber) => {
    const request = new ReplyRequest(requests, value, plan, subscriber);
    request.begin();
    return () => request.leave();
  });
}

/** Asks a worker once per subscription and emits the message with the same id. */
export function askByKey<Out, In>(
  requests: Requests<Out, In>,
  plan: KeyPlan<Out, In>,
  value: In,
): Observable<Out> {
  return new Observable((subscriber) => {
    try {
      const request = new KeyedRequest(requests, value, plan, {
        replied(_, reply) {
          subscriber.next(reply);
          subscriber.complete();
        },
        failed: (error) => runGuarded(() => subscriber.error(error)),
      });
      request.reserveId();
      requests.add(request);
      return () => request.leave();
    } catch (error) {
      soon(() => runGuarded(() => subscriber.error(error)));
      return undefined;
    }
  });
}

function checked<Out, In, Reply>(
  caller: 'ask' | 'exchange',
  options: AnyOptions<Out, In, Reply>,
): RequestLimits {
  checkOptions(caller, options, CHECKS[caller]);
  const { timeoutMs = Infinity, idleTimeoutMs = Infinity, maxAttempts = 3, idempotent } = options;
  if (options.maxAttempts !== undefined && idempotent === undefined) {
    throw new TypeError(
      `${caller}: maxAttempts is for requests that may be asked again: say idempotent, true or false`,
    );
  }
  return { timeoutMs, idleTimeoutMs, attempts: idempotent ? maxAttempts : 1 };
}
