import { Observable } from 'rxjs';

/** The source until the signal is aborted; then it errors with the signal's reason. */
export function abortable<T>(source$: Observable<T>, signal: AbortSignal): Observable<T> {
  return new Observable((subscriber) => {
    const abort = (): void => {
      subscriber.error(signal.reason);
    };
    if (signal.aborted) {
      abort();
      return undefined;
    }
    signal.addEventListener('abort', abort);
    subscriber.add(() => {
      signal.removeEventListener('abort', abort);
    });
    return source$.subscribe(subscriber);
  });
}
