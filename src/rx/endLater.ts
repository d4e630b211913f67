import { Observable, type MonoTypeOperatorFunction } from 'rxjs';
import type { Clock } from './clock.js';
import { runGuarded } from './runGuarded.js';

/**
 * Mirrors the source, but ends in a later turn of the event loop than it: behind a `retry()` or `repeat()` without a
 * delay, a source that ends at once would never let another turn begin.
 *
 * @param when - `'always'`, or only if the source ends from inside of its subscription.
 */
export function endLater<T>(clock: Clock, when: 'always' | 'at once'): MonoTypeOperatorFunction<T> {
  return (source$) =>
    new Observable((subscriber) => {
      let isLater = true;
      const end = (act: () => void): void => {
        if (isLater) clock.soon(act);
        else act();
      };
      subscriber.add(
        source$.subscribe({
          next: (value) => subscriber.next(value),
          error: (error: unknown) => end(() => runGuarded(() => subscriber.error(error))),
          complete: () => end(() => runGuarded(() => subscriber.complete())),
        }),
      );
      isLater = when === 'always';
    });
}
