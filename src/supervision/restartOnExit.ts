import { noop, Observable, type MonoTypeOperatorFunction } from 'rxjs';
import { currentClock } from '../rx/clock.js';
import { checkArguments } from '../contract/options.js';
import type { Exit } from '../contract/exit.js';
import type { WorkerStatus } from '../contract/status.js';
import {
  delayOf,
  isRestarted,
  planRestarts,
  RestartBudget,
  type RestartPolicy,
} from './RestartPolicy.js';

/**
 * Restarts a program when it ends, later each time, and gives up when it ends too often. It is an
 * operator on a life, given to `createWorker` as `supervise`, or applied to `lifeOf`.
 *
 * A restart is preceded by a `backoff` status. The life errors with `RestartLimitError` when there were too
 * many. If `when` excludes the exit, the life ends as the run did: it completes, or errors with the exit's own error.
 * A program that cannot be spawned and never ran is not tried again, unless the system was short of
 * resources. Values that were sent are never sent again. (Semantics: OTP's restart intensity, systemd's `RestartSec`
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
  checkArguments('restartOnExit', arguments, 1);
  const plan = planRestarts(policy);
  const shared = plan.shared ? new RestartBudget(plan) : undefined;
  return (life$) => {
    const clock = plan.clock ?? currentClock();
    return new Observable((subscriber) => {
      const budget = shared ?? new RestartBudget(plan);
      let attempt = 0;
      let everRan = false;
      let cancel: () => void = noop;

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
          const last = exit;
          const isDeclined = !last || !isRestarted(plan, last, error, everRan);
          if (isDeclined) {
            pass(error);
            return;
          }
          const limit = budget.spend(clock.now(), last, error);
          if (limit) {
            subscriber.error(limit);
            return;
          }
          attempt = clock.now() - runningSince >= plan.stableAfterMs ? 1 : attempt + 1;
          const delayMs = delayOf(plan, attempt);
          // `when` or `random` may have led to the end of the life.
          if (subscriber.closed) return;
          cancel = clock.after(delayMs, begin);
          const restartAt = clock.date() + delayMs;
          subscriber.next({ state: 'backoff', exit: last, attempt, delayMs, restartAt });
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
      return () => cancel();
    });
  };
}
