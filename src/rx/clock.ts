import { noop, type SchedulerLike } from 'rxjs';

/** Time that only moves forward, in milliseconds. */
export interface Clock {
  now(): number;
  /** The time of day, in milliseconds since 1970: it may jump. */
  date(): number;
  /** Calls `then` after `ms`, never if `ms` is Infinity. Returns what cancels it. */
  after(ms: number, then: () => void): () => void;
}

/** The longest time that a timer of the platform can hold; a longer one would fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** The system's monotonic clock: a jump of the wall clock changes nothing. */
export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => Date.now(),
  after(ms, then) {
    if (ms === Infinity) return noop;
    const timer = setTimeout(then, Math.min(ms, MAX_TIMER_MS));
    return () => clearTimeout(timer);
  },
};

/** A scheduler's time as a clock, so that it can run virtually. */
export function clockOf(scheduler: SchedulerLike | undefined): Clock {
  if (!scheduler) return systemClock;
  return {
    now: () => scheduler.now(),
    date: () => scheduler.now(),
    after(ms, then) {
      if (ms === Infinity) return noop;
      const action = scheduler.schedule(then, Math.min(ms, MAX_TIMER_MS));
      return () => action.unsubscribe();
    },
  };
}

let current = systemClock;

/** The clock of the worker whose policy is being applied, otherwise the system's. */
export const currentClock = (): Clock => current;

/** Operators that are created inside `act` keep the time of this clock. */
export function withClock<T>(clock: Clock, act: () => T): T {
  const before = current;
  current = clock;
  try {
    return act();
  } finally {
    current = before;
  }
}
