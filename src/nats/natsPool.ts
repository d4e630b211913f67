import { methods } from '../contract/check.js';
import type { Checks } from '../contract/options.js';
import type { Codec } from '../framing/codec.js';
import { jsonLines } from '../framing/jsonLines.js';
import type { RemotePool } from '../contract/RemotePool.js';
import type { QueueStatus } from './Queue.js';
import { QueueClient } from './QueueClient.js';
import { checkQueueOptions, QUEUE_CHECKS, type QueueOptions } from './QueueOptions.js';

/** Options of {@link natsPool}. */
export interface NatsPoolOptions<In, Reply> extends QueueOptions {
  /** How requests are written and replies read; the service has the same. @defaultValue `jsonLines()` */
  readonly codec?: Codec<Reply, In>;
}

const CHECKS = {
  ...QUEUE_CHECKS,
  codec: methods('decoder', 'encode'),
} satisfies Checks<NatsPoolOptions<unknown, unknown>>;

/** Pools on any number of machines, behind one subject. Give it to `ask` or `exchange`. */
export interface NatsPool<In, Reply> extends RemotePool<In, Reply>, AsyncDisposable {
  /** Asks the broker how the queue is. @returns a promise; it rejects while the broker cannot be reached. */
  status(): Promise<QueueStatus>;
  /** Takes no new request and finishes those it has. The connection stays open. */
  stop(): Promise<void>;
}

/**
 * Creates a pool of the programs that {@link serveExchange} serves on other machines. The reply is defined there;
 * a request is one message, and its replies come straight back.
 *
 * A request waits at the broker until a worker is idle somewhere. Unsubscribing takes it out of the queue, or lets go
 * of it at its node. One that is not `idempotent` is executed at most once: its node begins only when this pool allows
 * it, which costs a message each way. If the node then falls silent, the reply errors with `RequestLostError`. An
 * `idempotent` one is executed again elsewhere, `maxAttempts` (3) times in all.
 *
 * @example
 * ```ts
 * // connection: of `connect()`, from `@nats-io/transport-node`
 * const analysis = natsPool<string, string>({ connection, subject: 'analysis.best' });
 * const options = { timeoutMs: 60_000, idempotent: true };
 * positions$.pipe(mergeMap((position) => ask(analysis, position, options))).subscribe(console.log);
 * ```
 *
 * @param options - see {@link NatsPoolOptions}.
 * @returns the pool. It holds one subscription of the connection until it is stopped.
 * @throws TypeError, RangeError for a wrong option.
 */
export function natsPool<In = unknown, Reply = unknown>(
  options: NatsPoolOptions<In, Reply>,
): NatsPool<In, Reply> {
  checkQueueOptions('natsPool', options, CHECKS);
  return new QueueClient(options, options.codec ?? jsonLines<Reply, In>());
}
