import { Observable, Subject, takeUntil, type MonoTypeOperatorFunction } from 'rxjs';
import { runGuarded } from './runGuarded.js';
import { soon } from './soon.js';

/**
 * Mirrors the source, but ends in a later turn of the event loop than it: behind a `retry()` or `repeat()` without a
 * delay, a source that ends at once would never let another turn begin.
 *
 * @param when - `'always'`, or only if the source ends from inside of its subscription.
 */
export function endLater<T>(when: 'always' | 'at once'): MonoTypeOperatorFunction<T> {
  return (source$) =>
    new Observable((subscriber) => {
      let isLater = true;
      const end = (act: () => void): void => {
        if (isLater) soon(() => runGuarded(act));
        else runGuarded(act);
      };
      // A subscriber may leave from inside of the first value, when there is no subscription yet.
      const left$ = new Subject<void>();
      subscriber.add(() => left$.next());
      source$.pipe(takeUntil(left$)).subscribe({
        next: (value) => subscriber.next(value),
        error: (error: unknown) => end(() => subscriber.error(error)),
        complete: () => end(() => subscriber.complete()),
      });
      isLater = when === 'always';
    });
}
