import type { Observable } from 'rxjs';
import { checkNotText } from '../contract/check.js';
import { checkArguments } from '../contract/options.js';
import { pumpPulled, type FeedProgress, type Pullable } from '../run/InputPump.js';
import { endLater } from '../rx/endLater.js';
import { runGuarded } from '../rx/runGuarded.js';
import { internalsOf } from '../contract/internals.js';
import { type ReactiveWorker } from '../contract/ReactiveWorker.js';

/**
 * Writes a source to a worker's stdin, no faster than the program reads: a gigabyte takes no memory.
 *
 * Each subscription reads the source. It emits its progress about every 64 KiB; completes when all was
 * written; errors as soon as a value will not reach the program (`InputClosedError`,
 * `NotRunningError`, `LineBreakError`, …), so that nothing is lost silently; the last progress has the
 * number accepted before. Unsubscribing reads no further: accepted values are still written.
 * It does not close stdin: `worker.send.complete()` does.
 *
 * @example
 * ```ts
 * feed(worker, readLines()).subscribe({
 *   next: ({ values }) => console.log(`${values} values`),
 *   complete: () => worker.send.complete(),
 * });
 * ```
 *
 * @param worker - made by `createWorker`.
 * @param source - an iterable, sync or async: an array, a generator, a `Readable`.
 * @returns how much was accepted so far.
 * @throws TypeError for a wrong argument.
 * @see {@link consume}, for the other direction
 */
export function feed<Out, In>(
  worker: ReactiveWorker<Out, In>,
  source: Pullable<In>,
): Observable<FeedProgress> {
  checkArguments('feed', arguments, 2);
  const { input } = internalsOf(worker);
  checkNotText('source', source);
  const candidate: unknown = source;
  const isObject = typeof candidate === 'object' && candidate !== null;
  if (!isObject || !(Symbol.iterator in candidate || Symbol.asyncIterator in candidate)) {
    throw new TypeError('source must be an iterable, sync or async');
  }
  return pumpPulled(source, input, (error, progress) =>
    runGuarded(() => progress.error(error)),
  ).pipe(endLater('always'));
}
