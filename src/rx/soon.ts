/**
 * Calls `then` in a later turn of the event loop, without a wait. Never in virtual time: a turn is no time, and a
 * test should not have to advance its scheduler for it.
 */
export function soon(then: () => void): void {
  if (typeof setImmediate === 'function') setImmediate(then);
  else setTimeout(then);
}
