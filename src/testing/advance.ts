import { setImmediate } from 'node:timers';
import type { VirtualTimeScheduler } from 'rxjs';
import { kindOf, methods, nonNegative } from '../contract/check.js';

/**
 * Advances virtual time, one due moment after another. The work of a moment, and all that follows from it
 * (promises included), is done before the next moment. `scheduler.flush()` alone gives promises no turn. With
 * 0 ms, only the work that is due now is done.
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
 * @param ms - the time to advance by, in milliseconds.
 * @returns a promise that resolves when all due work is done.
 * @throws TypeError, RangeError for a wrong argument.
 */
export async function advance(scheduler: VirtualTimeScheduler, ms: number): Promise<void> {
  if (!isVirtual(scheduler)) {
    throw new TypeError(`scheduler must be a VirtualTimeScheduler, not ${kindOf(scheduler)}`);
  }
  nonNegative('ms', ms);
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
  methods('now', 'schedule')('scheduler', scheduler);
  return 'frame' in scheduler && 'flush' in scheduler;
}

/**
 * Resolves after all promises that can settle now, and what is done in a later turn of the event loop for their
 * sake. From node:timers, which fake timers do not replace.
 */
async function turn(): Promise<void> {
  for (let turns = 0; turns < 2; turns++) await new Promise((resolve) => setImmediate(resolve));
}
