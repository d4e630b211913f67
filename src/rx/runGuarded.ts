import { of } from 'rxjs';

/**
 * Calls `act`. An error that it throws is reported as RxJS reports one that a subscriber throws, and not thrown
 * here: `unsubscribe()`, `complete()` and `error()` may run a teardown of the user's, which must not stop the library.
 */
export function runGuarded(act: () => void): void {
  try {
    act();
  } catch (error) {
    of(error).subscribe(rethrow);
  }
}

function rethrow(error: unknown): never {
  throw error;
}
