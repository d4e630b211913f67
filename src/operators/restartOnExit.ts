import { Observable, type MonoTypeOperatorFunction, type SchedulerLike } from 'rxjs';
import { clockOf, MAX_TIMER_MS, prevailingClock } from '../clock.js';
import { RestartLimitError, SpawnError } from '../errors.js';
import { checkAmounts, checkType } from '../check.js';
import type { Exit, WorkerStatus } from '../status.js';

/** When, how soon and how often {@link restartOnExit} restarts. */
export interface RestartPolicy {
  /** Which exits are restarted. @defaultValue `'on-failure'` */
  readonly when?: 'on-failure' | 'always' | ((exit: Exit) => boolean);
  /** Before the first restart, in milliseconds. @defaultValue 100 */
  readonly delayMs?: number;
  /** How much longer each further delay is, 1 or more. @defaultValue 2 */
  readonly factor?: number;
  /** The longest delay, in milliseconds. @defaultValue 30,000 */
  readonly maxDelayMs?: number;
  /** Whether half of each delay is random, so that many workers do not restart together. @defaultValue true */
  readonly jitter?: boolean;
  /** How many restarts are allowed within `withinMs`; Infinity never gives up. @defaultValue 5 */
  readonly maxRestarts?: number;
  /** The sliding window of `maxRestarts`, in milliseconds. @defaultValue 60,000 */
  readonly withinMs?: number;
  /** A run that was `running` so many milliseconds sets the delay back to the first. @defaultValue 10,000 */
  readonly stableAfterMs?: number;
  /** Time, for tests. @defaultValue that of the worker it supervises, else the system's monotonic clock */
  readonly scheduler?: SchedulerLike;
  /** From 0 up to 1, for tests. @defaultValue `Math.random` */
  readonly random?: () => number;
}

/**
 * Restarts a program when it ends, later each time, and gives up when it ends too often. It is an
 * operator on a life, given to `createWorker` as `supervise`, or applied to `lifeOf`.
 *
 * A restart is preceded by a `backoff` status. The life errors with `RestartLimitError` when there were too
 * many. If `when` says no, the life ends as the run did: it completes, or errors with the exit's own error.
 * A program that cannot be spawned and never ran is not tried again, unless the system was short of
 * resources. What was sent is never sent again. (Semantics: OTP's restart intensity, systemd's `RestartSec`
 * and `StartLimitBurst`.)
 *
 * @example
 * ```ts
 * const engine = createWorker('stockfish', { supervise: restartOnExit({ maxRestarts: 3 }) });
 * ```
 *
 * @param policy - see {@link RestartPolicy}.
 * @returns an operator on a life.
 * @throws TypeError, RangeError for a wrong policy.
 * @see {@link createWorker}, {@link lifeOf}
 */
export function restartOnExit(policy: RestartPolicy = {}): MonoTypeOperatorFunction<WorkerStatus> {
  return restartWithin(policy, () => new RestartBudget(policy));
}

/** The same, with a budget that several lives may share. */
export function restartWithin(
  policy: RestartPolicy,
  budgetOf: () => RestartBudget,
): MonoTypeOperatorFunction<WorkerStatus> {
  const { stableAfterMs = 10_000, scheduler } = policy;
  checkPolicy(policy);
  return (life$) => {
    const clock = scheduler ? clockOf(scheduler) : prevailingClock();
    return new Observable((subscriber) => {
      const budget = budgetOf();
      let attempt = 0;
      let everRan = false;
      let cancel: () => void = () => undefined;
      const isOver = (): boolean => subscriber.closed;

      const begin = (): void => {
        let exit: Exit | undefined;
        let runningSince = Infinity;
        const decide = (error?: unknown): void => {
          try {
            goOn(error);
          } catch (thrown) {
            // `when` and `random` are the user's.
            subscriber.error(thrown);
          }
        };
        const goOn = (error: unknown): void => {
          everRan ||= exit !== undefined && exit.reason !== 'spawn-error';
          const isDeclined = !exit || !isRestarted(policy, exit, error, everRan);
          // `when` may have led to the end of the life.
          if (isOver()) return;
          if (!exit || isDeclined) {
            pass(error);
            return;
          }
          const limit = budget.spend(clock.now(), exit, error);
          if (limit) {
            subscriber.error(limit);
            return;
          }
          attempt = clock.now() - runningSince >= stableAfterMs ? 1 : attempt + 1;
          const delayMs = delayOf(policy, attempt);
          if (isOver()) return;
          cancel = clock.after(delayMs, begin);
          const restartAt = clock.date() + delayMs;
          subscriber.next({ state: 'backoff', exit, attempt, delayMs, restartAt });
        };
        const run = life$.subscribe({
          next: (status) => {
            if (status.state === 'running') runningSince = clock.now();
            if (status.state === 'exited') exit = status.exit;
            subscriber.next(status);
          },
          error: decide,
          complete: decide,
        });
        // It may have led to the end of the life before it was held.
        subscriber.add(run);
      };
      const pass = (error: unknown): void => {
        if (error === undefined) subscriber.complete();
        else subscriber.error(error);
      };

      begin();
      return () => {
        cancel();
      };
    });
  };
}

/** The restarts of the last `withinMs`. */
export class RestartBudget {
  #spent: { readonly at: number; readonly exit: Exit }[] = [];

  constructor(private readonly policy: RestartPolicy) {}

  /** Counts a restart; returns why there is none, if too many were. */
  spend(now: number, exit: Exit, cause: unknown): RestartLimitError | undefined {
    const { maxRestarts = 5, withinMs = 60_000 } = this.policy;
    if (maxRestarts === Infinity) return undefined;
    this.#spent = this.#spent.filter(({ at }) => now - at < withinMs);
    this.#spent.push({ at: now, exit });
    if (this.#spent.length <= maxRestarts) return undefined;
    const reason = `was given up: it ended ${String(this.#spent.length)} times within ${String(withinMs)} ms`;
    return new RestartLimitError(
      exit.command,
      reason,
      this.#spent.map((spent) => spent.exit),
      cause,
    );
  }
}

function isRestarted(
  { when = 'on-failure' }: RestartPolicy,
  exit: Exit,
  error: unknown,
  everRan: boolean,
): boolean {
  if (error instanceof SpawnError && !error.transient && !everRan) return false;
  if (typeof when === 'function') return when(exit);
  return when === 'always' || error !== undefined;
}

/** The delay before consecutive restart n, half of it random if there is jitter. */
function delayOf(policy: RestartPolicy, attempt: number): number {
  const { delayMs = 100, factor = 2, maxDelayMs = 30_000, jitter = true } = policy;
  const { random = Math.random } = policy;
  // 0 · Infinity is NaN, and a longer timer than the platform's longest would fire at once.
  const grown = delayMs === 0 ? 0 : delayMs * factor ** (attempt - 1);
  const delay = Math.min(grown, maxDelayMs, MAX_TIMER_MS);
  return Math.round(jitter ? delay / 2 + (delay / 2) * random() : delay);
}

function checkPolicy(policy: RestartPolicy): void {
  checkType('policy', policy, 'object');
  const { when = 'always', jitter, factor = 2, maxRestarts = 0, random } = policy;
  if (typeof when !== 'function' && !['on-failure', 'always'].includes(when)) {
    throw new TypeError(`when must be 'on-failure', 'always' or a function, not ${when as string}`);
  }
  checkType('jitter', jitter, 'boolean');
  checkType('random', random, 'function');
  const { delayMs = 0, maxDelayMs = 0, withinMs = 0, stableAfterMs = 0 } = policy;
  checkAmounts({ delayMs, maxDelayMs, withinMs, stableAfterMs, factor, maxRestarts });
  if (factor < 1) throw new RangeError(`factor must be 1 or more, not ${String(factor)}`);
}
