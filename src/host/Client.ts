/**
 * The user at the other end of a connection, as `authorize` knows them.
 *
 * @example
 * ```ts
 * interface Account extends Client {
 *   readonly isAdmin: boolean;
 * }
 * ```
 */
export interface Client {
  /** Two connections with the same id are the same user's: a session is resumed by its own user only. */
  readonly id: string;
  /** When the right to be here ends, in milliseconds since 1970. The line is then closed, and the client shows a new token. @defaultValue never */
  readonly expiresAt?: number | undefined;
}

/** Details of a connection, for `authorize`: the request of a WebSocket, the frame of an Electron window. */
export interface Peer {
  /** The address of the other end, by which connections are counted before their hello. */
  readonly address?: string | undefined;
  /** Anything else. */
  readonly [key: string]: unknown;
}
