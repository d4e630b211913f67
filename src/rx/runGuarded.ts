import { of } from 'rxjs';

/**
 * Does what may run a user's teardown, which RxJS lets throw out of `unsubscribe()`, `complete()` and `error()`.
 * What it throws stops nothing: it is reported as RxJS reports what a subscriber throws.
 */
export function runGuarded(act: () => void): void {
  of(undefined).subscribe(act);
}
