import { fromEvent, Observable, share } from 'rxjs';
import { soon } from './soon.js';
import { runGuarded } from './runGuarded.js';

const aborts = new WeakMap<AbortSignal, Observable<unknown>>();

/** Mirrors the source until the signal is aborted, then errors with the signal's reason. */
export function abortable<T>(source$: Observable<T>, signal: AbortSignal): Observable<T> {
  return new Observable((subscriber) => {
    const abort = (): void => subscriber.error(signal.reason);
    if (signal.aborted) {
      // Never at once: a `retry()` without a delay would not end.
      soon(() => runGuarded(abort));
      return undefined;
    }
    subscriber.add(abortOf(signal).subscribe(abort));
    return source$.subscribe(subscriber);
  });
}

/** One listener per signal, however many streams use it: Node warns of more than ten. */
function abortOf(signal: AbortSignal): Observable<unknown> {
  const abort$ = aborts.get(signal) ?? fromEvent(signal, 'abort').pipe(share());
  aborts.set(signal, abort$);
  return abort$;
}
