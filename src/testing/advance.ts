import { setImmediate } from 'node:timers';
import type { VirtualTimeScheduler } from 'rxjs';
import { checkNonNegative, checkMethods, kindOf } from '../contract/check.js';

/**
 * Lets virtual time pass, moment by moment: whatever is due happens, and all that it causes, promises
 * included, before the next moment comes. (`scheduler.flush()` alone gives promises no turn.) A wait of
 * 0 lets happen what takes no time.
 *
 * @example
 * ```ts
 * const scheduler = new VirtualTimeScheduler();
 * const engine = fakeProgram(map((line) => `echo ${line}`), { scheduler });
 * const service = new EngineService(engine.options);
 * engine.lastRun.crash();
 * await advance(scheduler, 30_000); // The restart, however long its delay.
 * ```
 *
 * @param scheduler - a `VirtualTimeScheduler`; a `TestScheduler` is one.
 * @param ms - how long, in milliseconds.
 * @returns a promise that settles when all that was due has happened.
 * @throws TypeError, RangeError for a wrong argument.
 */
export async function advance(scheduler: VirtualTimeScheduler, ms: number): Promise<void> {
  if (!isVirtual(scheduler)) {
    throw new TypeError(`scheduler must be a VirtualTimeScheduler, not ${kindOf(scheduler)}`);
  }
  checkNonNegative({ ms });
  if (ms === Infinity) throw new RangeError('ms must be finite: a restart policy never ends');
  const { maxFrames } = scheduler;
  const end = scheduler.frame + ms;
  try {
    for (;;) {
      await turn();
      const due = Math.min(...scheduler.actions.map((action) => action.delay));
      if (due > end) break;
      scheduler.maxFrames = due;
      scheduler.flush();
    }
  } finally {
    scheduler.maxFrames = maxFrames;
  }
  scheduler.frame = end;
}

function isVirtual(scheduler: unknown): boolean {
  if (typeof scheduler !== 'object' || scheduler === null) return false;
  checkMethods('scheduler', scheduler, 'now', 'schedule');
  return 'frame' in scheduler && 'flush' in scheduler;
}

/** When all promises that can settle now have settled. From node:timers: nobody fakes that. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
