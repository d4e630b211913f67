/** Why a line is closed: the close codes of a WebSocket, from the range that is an application's own (RFC 6455, 7.4.2). */
export const CLOSE = {
  /** The client is done with its session. */
  done: 4000,
  /** One end goes away; the session may be resumed. */
  leaving: 4001,
  /** The same session goes on over a newer line. */
  replaced: 4002,
  /** Nothing has arrived from the other end for three beats. */
  silent: 4003,
  /** The host could not make the worker. */
  failed: 4004,
  /** The right to be here is over: a new token is needed. */
  expired: 4005,
  /** A frame that this protocol does not have, or not now. */
  protocol: 4400,
  /** Not authorized, or evicted. */
  unauthorized: 4401,
  /** No worker of that name. */
  unknown: 4404,
  /** No hello in time. */
  slow: 4408,
  /** Too many lines, sessions or frames, or too much that waits. */
  busy: 4429,
} as const;

/**
 * A line is lost. Its `code` decides whether the client tries again: it does not from 4400 on, but for 4408 and 4429.
 *
 * @example
 * ```ts
 * worker.connection$.subscribe((connection) => {
 *   if (connection.state === 'waiting') console.warn(connection.error.message); // the connection was lost (1006)
 * });
 * ```
 */
export class LineClosedError extends Error {
  /** The name of the class. */
  override readonly name = 'LineClosedError';

  /**
   * @param code - a close code, as of a WebSocket.
   * @param reason - why, in words.
   */
  constructor(
    /** A close code, as of a WebSocket. */
    readonly code: number,
    reason: string,
  ) {
    super(reason || `the connection was lost (${code})`);
  }

  /** Whether another attempt is of no use. */
  get isFinal(): boolean {
    const { code } = this;
    return code >= CLOSE.protocol && code < 5_000 && code !== CLOSE.slow && code !== CLOSE.busy;
  }
}

/** A breach of the protocol. */
export function breach(reason: string): LineClosedError {
  return new LineClosedError(CLOSE.protocol, reason);
}
