import { noop, type SchedulerLike } from 'rxjs';

/** A source of time and timers, in milliseconds; `now` never goes back. */
export interface Clock {
  now(): number;
  /** The time of day, in milliseconds since 1970: it may jump. */
  date(): number;
  /** Calls `then` after `ms`; never if `ms` is Infinity. @returns a function that cancels the call. */
  after(ms: number, then: () => void): () => void;
}

/** The longest delay of a platform timer; a longer one would fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** The monotonic clock of the system: not affected by changes of the wall clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => Date.now(),
  after(ms, then) {
    if (ms === Infinity) return noop;
    const timer = setTimeout(then, Math.min(ms, MAX_TIMER_MS));
    return () => clearTimeout(timer);
  },
};

/** Adapts a scheduler, whose time may be virtual, to a clock; without one, the system's. */
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

/** The clock of the worker whose policy is being applied; otherwise the system's. */
export const currentClock = (): Clock => current;

/** Operators created inside `act` use this clock. */
export function withClock<T>(clock: Clock, act: () => T): T {
  const before = current;
  current = clock;
  try {
    return act();
  } finally {
    current = before;
  }
}
