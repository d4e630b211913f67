import type { Pool } from '../contract/Pool.js';
import { CommandPool, type PoolOptions } from './CommandPool.js';
import type { Command } from '../contract/command.js';
import { checkArguments } from '../contract/options.js';
import type { WithCodec } from '../framing/codec.js';
import type { LineInput } from '../framing/lines.js';

/** Creates a pool whose codec determines the types of requests and output. */
export function createPool<Out, In = LineInput>(
  command: Command,
  options: PoolOptions<Out, In> & WithCodec<Out, In>,
): Pool<Out, In>;
/**
 * Creates a pool: several workers behind one `exchange`. A request goes to the worker that has been idle
 * longest, one at a time each; one that is starting or restarting takes none. A request that is
 * `idempotent` and whose run ends is asked again of another worker. A worker that no longer reads is restarted.
 *
 * @example
 * ```ts
 * const pool = createPool('python3 -u score.py', { size: 4 });
 * documents$.pipe(exchange(pool, { reply: take(1) })).subscribe((score) => console.log(score));
 * ```
 *
 * @param command - the program and arguments of each worker.
 * @param options - see {@link PoolOptions}.
 * @returns the pool; its workers start at once.
 * @throws TypeError, RangeError for a wrong command or option.
 */
export function createPool<Out extends string = string, In extends LineInput = LineInput>(
  command: Command,
  options: PoolOptions<Out, In>,
): Pool<Out, In>;
export function createPool<Out, In>(
  command: Command,
  options: PoolOptions<Out, In>,
): Pool<Out, In> {
  checkArguments('createPool', arguments, 2);
  return new CommandPool(command, options);
}
