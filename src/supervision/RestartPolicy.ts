import type { SchedulerLike } from 'rxjs';
import {
  atLeastOne,
  boolean,
  callable,
  methods,
  nonNegative,
  oneOf,
  type Check,
} from '../contract/check.js';
import { checkOptions, type Checks } from '../contract/options.js';
import { clockOf, MAX_TIMER_MS, type Clock } from '../rx/clock.js';
import { RestartLimitError, SpawnError } from '../contract/errors.js';
import type { Exit } from '../contract/exit.js';

/** When, how soon and how often {@link restartOnExit} restarts. */
export interface RestartPolicy {
  /** Which exits are restarted. @defaultValue `'on-failure'` */
  readonly when?: 'on-failure' | 'always' | ((exit: Exit) => boolean);
  /** Before the first restart, in milliseconds. @defaultValue 100 */
  readonly delayMs?: number;
  /** How much longer each further delay is, 1 or more. @defaultValue 2 */
  readonly factor?: number;
  /** The longest delay, in milliseconds; not below `delayMs`. @defaultValue 30,000, or `delayMs` if that is longer */
  readonly maxDelayMs?: number;
  /** Whether half of each delay is random, so that many workers do not restart together. @defaultValue true */
  readonly jitter?: boolean;
  /** How many restarts are allowed within `withinMs`; Infinity never gives up. @defaultValue 5 */
  readonly maxRestarts?: number;
  /** The sliding window of `maxRestarts`, in milliseconds. @defaultValue 60,000 */
  readonly withinMs?: number;
  /**
   * Whether the limit is that of all the lives together which this policy supervises, such as those of a pool's workers;
   * otherwise each has its own. @defaultValue false
   */
  readonly shared?: boolean;
  /** A run that was `running` so many milliseconds sets the delay back to the first. @defaultValue 10,000 */
  readonly stableAfterMs?: number;
  /** Time, for tests. @defaultValue that of the worker it supervises, else the system's monotonic clock */
  readonly scheduler?: SchedulerLike;
  /** From 0 up to 1, for tests. @defaultValue `Math.random` */
  readonly random?: () => number;
}

const whenNamed = oneOf('on-failure', 'always');

const when: Check = (name, value) => {
  if (typeof value !== 'function') whenNamed(name, value);
};

/** The checks of {@link RestartPolicy}. */
export const RESTART_CHECKS = {
  when,
  delayMs: nonNegative,
  factor: atLeastOne,
  maxDelayMs: nonNegative,
  jitter: boolean,
  maxRestarts: nonNegative,
  withinMs: nonNegative,
  stableAfterMs: nonNegative,
  shared: boolean,
  scheduler: methods('now', 'schedule'),
  random: callable,
} satisfies Checks<RestartPolicy>;

/** A policy with its defaults filled in. */
export interface RestartPlan extends Required<Omit<RestartPolicy, 'scheduler'>> {
  /** That of `scheduler`, if there is one. */
  readonly clock: Clock | undefined;
}

/** Checks a policy, and fills in the defaults. @throws TypeError, RangeError that names the option. */
export function planRestarts(policy: RestartPolicy): RestartPlan {
  checkOptions('restartOnExit', policy, RESTART_CHECKS);
  const {
    when = 'on-failure',
    delayMs = 100,
    factor = 2,
    maxDelayMs = Math.max(30_000, delayMs),
    jitter = true,
    maxRestarts = 5,
    withinMs = 60_000,
    stableAfterMs = 10_000,
    shared = false,
    random = Math.random,
    scheduler,
  } = policy;
  if (policy.delayMs !== undefined && delayMs > maxDelayMs) {
    throw new RangeError(
      `restartOnExit: delayMs (${delayMs}) must not be above maxDelayMs (${maxDelayMs}), which would cut it`,
    );
  }
  const clock = scheduler && clockOf(scheduler);
  const delays = { delayMs, factor, maxDelayMs, jitter, random };
  return { when, ...delays, maxRestarts, withinMs, stableAfterMs, shared, clock };
}

/** Whether an exit is restarted, if there were not too many. */
export function isRestarted(
  { when }: RestartPlan,
  exit: Exit,
  error: unknown,
  everRan: boolean,
): boolean {
  if (error instanceof SpawnError && !error.transient && !everRan) return false;
  if (typeof when === 'function') return when(exit);
  return when === 'always' || error !== undefined;
}

/** The delay before consecutive restart n, half of it random if there is jitter, in milliseconds. */
export function delayOf(plan: RestartPlan, attempt: number): number {
  const { delayMs, factor, maxDelayMs, jitter, random } = plan;
  // 0 · Infinity is NaN, and a longer timer than the platform's longest would fire at once.
  const grown = delayMs === 0 ? 0 : delayMs * factor ** (attempt - 1);
  const delay = Math.min(grown, maxDelayMs, MAX_TIMER_MS);
  return Math.round(jitter ? delay / 2 + (delay / 2) * random() : delay);
}

/** The restarts of the last `withinMs`. Several lives may share one. */
export class RestartBudget {
  #spent: { readonly at: number; readonly exit: Exit }[] = [];

  constructor(private readonly plan: RestartPlan) {}

  /** Counts a restart; returns why there is none, if too many were. */
  spend(now: number, exit: Exit, cause: unknown): RestartLimitError | undefined {
    const { maxRestarts, withinMs } = this.plan;
    if (maxRestarts === Infinity) return undefined;
    this.#spent = this.#spent.filter(({ at }) => now - at < withinMs);
    this.#spent.push({ at: now, exit });
    if (this.#spent.length <= maxRestarts) return undefined;
    const reason = `was given up: it ended ${this.#spent.length} times within ${withinMs} ms`;
    return new RestartLimitError(
      exit.command,
      reason,
      this.#spent.map((spent) => spent.exit),
      cause,
    );
  }
}
