/** The link is being established, or the host is asked for the session. */
export interface Connecting {
  /** The discriminant. */
  readonly state: 'connecting';
  /** How often it failed since it last was open. */
  readonly attempt: number;
}

/** Frames flow. */
export interface Open {
  /** The discriminant. */
  readonly state: 'open';
}

/** The line was lost; another attempt is due. */
export interface Waiting {
  /** The discriminant. */
  readonly state: 'waiting';
  /** How often it failed since it last was open, 1 for the first time. */
  readonly attempt: number;
  /** How long the wait is, in milliseconds; `reconnect()` and the browser's `online` event end it. */
  readonly delayMs: number;
  /** Why the line was lost. */
  readonly error: Error;
}

/** Nothing is tried any more. */
export interface Closed {
  /** The discriminant. */
  readonly state: 'closed';
  /** Why the host refused; absent after `close()`, and when the worker is disposed. `reconnect()` tries again after a refusal. */
  readonly error?: Error;
}

/**
 * The value of `connection$`: the state of the line to the host. While it is not `open`, `status$` may be old.
 *
 * @example
 * ```ts
 * worker.connection$.subscribe((connection) => {
 *   if (connection.state === 'waiting') console.warn(`offline: ${connection.error.message}`);
 *   if (connection.state === 'closed' && connection.error) location.assign('/login');
 * });
 * ```
 */
export type Connection = Connecting | Open | Waiting | Closed;
