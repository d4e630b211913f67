import { of, type Observable } from 'rxjs';
import { callable, methods, nonNegative } from '../contract/check.js';
import type { Checks } from '../contract/options.js';
import type { Pool } from '../contract/Pool.js';
import { exchange } from '../exchange/exchange.js';
import type { Codec } from '../framing/codec.js';
import { jsonLines } from '../framing/jsonLines.js';
import { checkQueueOptions, QUEUE_CHECKS, type QueueOptions } from './QueueOptions.js';
import { QueueService } from './QueueService.js';
import type { Service } from './Service.js';

/** Options of {@link serveExchange}. */
export interface ServeOptions<Out, In, Reply> extends QueueOptions {
  /** Makes the reply of a worker's output, as for `exchange`. */
  readonly reply: (output$: Observable<Out>, request: In) => Observable<Reply>;
  /**
   * The longest that a reply may take, in milliseconds, whatever the asker allows. Without it a program that never
   * replies keeps its worker. @defaultValue Infinity
   */
  readonly timeoutMs?: number;
  /** How requests are read and replies written; the clients have the same. @defaultValue `jsonLines()` */
  readonly codec?: Codec<In, Reply>;
}

const CHECKS = {
  ...QUEUE_CHECKS,
  reply: callable,
  timeoutMs: nonNegative,
  codec: methods('decoder', 'encode'),
} satisfies Checks<ServeOptions<unknown, unknown, unknown>>;

/**
 * Serves a pool to {@link natsPool} on other machines, together with any number of other nodes. A request comes only
 * when a worker is idle: a busy or slow node takes none that another could execute.
 *
 * A request whose program exits goes back to the queue if it is `idempotent`. One whose asker has unsubscribed or died
 * is let go of: its worker is free when its reply is complete, or its time is over, as after an unsubscription beside
 * it.
 *
 * @example
 * ```ts
 * // connection: of `connect()`, from `@nats-io/transport-node`
 * const pool = createPool('stockfish', { size: 4 });
 * const service = serveExchange(pool, {
 *   connection,
 *   subject: 'analysis.best',
 *   reply: takeWhile((line: string) => !line.startsWith('bestmove'), true),
 *   timeoutMs: 60_000,
 * });
 * process.once('SIGTERM', async () => {
 *   await service.stop(); // Other nodes go on with the rest.
 *   await pool.stop();
 * });
 * ```
 *
 * @param pool - made by `createPool`; give the service one of its own.
 * @param options - see {@link ServeOptions}.
 * @returns the service.
 * @throws TypeError, RangeError for a wrong option.
 */
export function serveExchange<Out, In, Reply>(
  pool: Pool<Out, In>,
  options: ServeOptions<Out, In, Reply>,
): Service {
  checkQueueOptions('serveExchange', options, CHECKS);
  callable('serveExchange: reply', options.reply);
  const { reply, codec = jsonLines<In, Reply>(), timeoutMs = Infinity } = options;
  const execute = (request: In, allowedMs: number): Observable<Reply> =>
    of(request).pipe(exchange(pool, { reply, timeoutMs: Math.min(timeoutMs, allowedMs) }));
  return new QueueService(options, codec, pool.status$, execute);
}
