import type { ObservableInput, SchedulerLike } from 'rxjs';
import { callable, integer, methods, nonNegative } from '../contract/check.js';
import type { Checks } from '../contract/options.js';
import type { Link } from '../link/Line.js';

/** Options of {@link connectPool}, and of {@link connectWorker}. */
export interface ConnectOptions {
  /** How the host is reached: {@link socketLink}, {@link portLink}, `host.link()`, or a link of one's own. */
  readonly link: Link;
  /**
   * Returns the token for the host's `authorize`, and is called before each attempt to connect. If it throws or errors,
   * the attempt has failed and another follows: never return a stale token. @defaultValue none
   */
  readonly token?: () => string | ObservableInput<unknown>;
  /** The delay before the second attempt, in milliseconds; it doubles with each, and half of it is random. @defaultValue 250 */
  readonly delayMs?: number;
  /** The longest delay between two attempts, in milliseconds. @defaultValue 30,000 */
  readonly maxDelayMs?: number;
  /** How much may wait to be sent, in bytes, before values are rejected. @defaultValue 64 MiB */
  readonly maxPendingBytes?: number;
  /** Time, for tests. @defaultValue the system's monotonic clock */
  readonly scheduler?: SchedulerLike;
}

/** The checks of {@link ConnectOptions}. */
export const CONNECT_CHECKS = {
  link: methods('subscribe', 'pipe'),
  token: callable,
  delayMs: nonNegative,
  maxDelayMs: nonNegative,
  maxPendingBytes: integer,
  scheduler: methods('now', 'schedule'),
} satisfies Checks<ConnectOptions>;
