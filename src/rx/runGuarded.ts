import { of } from 'rxjs';

/**
 * Calls `act`. An error is reported like a subscriber's, not thrown: `unsubscribe()`, `complete()` and `error()`
 * may run a teardown of the user's, which must not break the library.
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
