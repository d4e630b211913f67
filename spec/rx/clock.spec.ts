import { VirtualTimeScheduler } from 'rxjs';
import {
  clockOf,
  withClock,
  MAX_TIMER_MS,
  currentClock,
  systemClock,
  type Clock,
} from '../../src/rx/clock.js';

describe('systemClock', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('calls after the time given, once', () => {
    const then = jest.fn();
    systemClock.after(1_000, then);
    jest.advanceTimersByTime(999);
    expect(then).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(then).toHaveBeenCalledTimes(1);
    jest.advanceTimersByTime(10_000);
    expect(then).toHaveBeenCalledTimes(1);
  });

  it('does not call before it has returned, even after no time', () => {
    const then = jest.fn();
    systemClock.after(0, then);
    expect(then).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(then).toHaveBeenCalledTimes(1);
  });

  it('does not call what is cancelled, and holds no timer for it', () => {
    const then = jest.fn();
    const cancel = systemClock.after(1_000, then);
    cancel();
    expect(jest.getTimerCount()).toBe(0);
    jest.advanceTimersByTime(1_000);
    expect(then).not.toHaveBeenCalled();
    expect(cancel).not.toThrow();
  });

  it('does not call after infinite time, and holds no timer for it', () => {
    const then = jest.fn();
    const cancel = systemClock.after(Infinity, then);
    expect(jest.getTimerCount()).toBe(0);
    jest.advanceTimersByTime(MAX_TIMER_MS + 1);
    expect(then).not.toHaveBeenCalled();
    expect(cancel).not.toThrow();
  });

  it('is not moved by a jump of the wall clock', () => {
    const before = systemClock.now();
    jest.setSystemTime(0);
    expect(systemClock.now()).toBe(before);
    jest.setSystemTime(new Date(9999, 1));
    expect(systemClock.now()).toBe(before);
    jest.advanceTimersByTime(5);
    expect(systemClock.now()).toBe(before + 5);
  });

  it('does not call early what takes longer than a timer can hold', () => {
    const setTimeout = jest.spyOn(globalThis, 'setTimeout');
    for (const ms of [MAX_TIMER_MS, MAX_TIMER_MS + 1, 2 ** 40, Number.MAX_VALUE]) {
      systemClock.after(ms, jest.fn());
      expect(setTimeout).toHaveBeenLastCalledWith(expect.any(Function), MAX_TIMER_MS);
    }
    expect(MAX_TIMER_MS).toBe(2_147_483_647);
    jest.clearAllTimers();
  });
});

describe('clockOf', () => {
  it("is the system's clock without a scheduler", () => {
    expect(clockOf(undefined)).toBe(systemClock);
  });

  describe('a scheduler', () => {
    let scheduler: VirtualTimeScheduler;
    let clock: Clock;
    beforeEach(() => {
      scheduler = new VirtualTimeScheduler();
      clock = clockOf(scheduler);
    });

    it('has its time', () => {
      expect(clock.now()).toBe(0);
      scheduler.frame = 5;
      expect(clock.now()).toBe(5);
    });

    it('calls in its time', () => {
      const times: number[] = [];
      for (const ms of [20, 0, 10]) clock.after(ms, () => times.push(clock.now()));
      expect(times).toEqual([]);
      scheduler.flush();
      expect(times).toEqual([0, 10, 20]);
    });

    it('does not call what is cancelled', () => {
      const then = jest.fn();
      const cancel = clock.after(10, then);
      cancel();
      scheduler.flush();
      expect(then).not.toHaveBeenCalled();
      expect(cancel).not.toThrow();
    });

    it('does not call after infinite time', () => {
      const then = jest.fn();
      const cancel = clock.after(Infinity, then);
      scheduler.flush();
      expect(then).not.toHaveBeenCalled();
      expect(cancel).not.toThrow();
    });

    it('asks it for no more than a timer can hold', () => {
      clock.after(2 ** 40, () => undefined);
      scheduler.flush();
      expect(clock.now()).toBe(MAX_TIMER_MS);
    });
  });
});

describe('withClock', () => {
  const clock = clockOf(new VirtualTimeScheduler());

  it('has a clock prevail while something is called, and the one before it again afterwards', () => {
    const inner = withClock(clock, () => {
      withClock(systemClock, () => expect(currentClock()).toBe(systemClock));
      return currentClock();
    });
    expect(inner).toBe(clock);
    expect(currentClock()).toBe(systemClock);
  });

  it('does so too if what is called throws', () => {
    const call = () =>
      withClock(clock, () => {
        throw new Error('thrown');
      });
    expect(call).toThrow('thrown');
    expect(currentClock()).toBe(systemClock);
  });
});
