import {
  defer,
  finalize,
  mergeMap,
  Subscription,
  tap,
  type Observable,
  type ObservableInput,
  type ObservedValueOf,
} from 'rxjs';
import { atLeastOne, callable, integer } from '../contract/check.js';
import { checkArguments, checkOptions, type Checks } from '../contract/options.js';
import { endLater } from '../rx/endLater.js';
import { internalsOf } from '../contract/internals.js';
import { type ReactiveWorker } from '../contract/ReactiveWorker.js';

/** Options of {@link consume}. */
export interface ConsumeOptions {
  /** How many values are worked on at a time, 1 or more. @defaultValue 1: in order */
  readonly concurrency?: number;
  /** How many values may wait before the program is paused. @defaultValue 0 */
  readonly highWater?: number;
}

const CONSUME_CHECKS = {
  concurrency: atLeastOne,
  highWater: integer,
} satisfies Checks<ConsumeOptions>;

/**
 * Does something asynchronous with each value that a program writes, and pauses the program while
 * that is behind: `mergeMap` over `output$` in bounded memory. Of several consumers the slowest governs.
 *
 * What waits is at most `highWater` values and those of the chunk that was being read (64 KiB).
 * Subscribing listens to the output from then on, behind what is replayed; unsubscribing, an error and completion (on dispose)
 * let the program go on.
 *
 * @example
 * ```ts
 * consume(worker, (line) => database.insert(line), { concurrency: 4 }).subscribe();
 * ```
 *
 * @param worker - made by `createWorker`, or by `connectWorker` of `simple-ipc/remote`.
 * @param project - gets each value; its first error ends the stream, as in `mergeMap`.
 * @param options - see {@link ConsumeOptions}.
 * @returns what `project` emits; completes on dispose.
 * @throws TypeError, RangeError for a wrong argument.
 * @see {@link feed}, for the other direction
 */
export function consume<Out, R extends ObservableInput<unknown>>(
  worker: Pick<ReactiveWorker<Out>, 'output$'>,
  project: (value: Out) => R,
  options: ConsumeOptions = {},
): Observable<ObservedValueOf<R>> {
  checkArguments('consume', arguments, 3);
  const { pause } = internalsOf(worker);
  callable('project', project);
  checkOptions('consume', options, CONSUME_CHECKS);
  const { concurrency = 1, highWater = 0 } = options;
  return defer(() => {
    let waiting = 0;
    let hold = Subscription.EMPTY;
    const work = (value: Out): R => {
      if (--waiting <= highWater) hold.unsubscribe();
      return project(value);
    };
    return worker.output$.pipe(
      tap(() => {
        if (++waiting > highWater && hold.closed) hold = pause.hold();
      }),
      mergeMap(work, concurrency),
      finalize(() => hold.unsubscribe()),
      endLater('at once'),
    );
  });
}
