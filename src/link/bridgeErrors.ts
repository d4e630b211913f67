import { SimpleIpcError, type CommandWords } from '../contract/errors.js';

/**
 * A host refused: there is no worker of that name, no right, too much at once. `command` is the worker's name.
 *
 * @example
 * ```ts
 * worker.rejected$.subscribe(({ error }) => {
 *   if (error instanceof RefusedError) console.error(error.reason); // no right to send
 * });
 * ```
 */
export class RefusedError extends SimpleIpcError {
  override readonly name = 'RefusedError';

  constructor(
    command: CommandWords,
    /** Why, in words. */
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(command, `was refused: ${reason}`, options);
  }
}

/**
 * The session with the host was lost, because the client was away for too long or the host was started anew. What
 * is in doubt may have reached the program; it is not sent again. `command` is the worker's name.
 *
 * @example
 * ```ts
 * worker.rejected$.subscribe(({ value, error }) => {
 *   if (error instanceof SessionLostError && !error.isInDoubt) worker.send.next(value);
 * });
 * ```
 */
export class SessionLostError extends SimpleIpcError {
  override readonly name = 'SessionLostError';

  constructor(
    command: CommandWords,
    reason: string,
    /** Whether it may have reached the program; if not, it was never sent. */
    readonly isInDoubt: boolean,
  ) {
    super(command, reason);
  }
}
