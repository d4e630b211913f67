import type { Observable } from 'rxjs';
import type { Batch } from './Batch.js';

/** The version of the protocol (docs/protocol.md). */
export const VERSION = 1;

/** The first frame in each direction. */
export interface Hello {
  /** The version of the protocol. */
  readonly v: number;
  /** From a client: the name of a worker. */
  readonly worker?: string;
  /** From a client: what it shows to `authorize`. */
  readonly token?: unknown;
  /** From a client the session to resume; from a host the session that there is. */
  readonly session?: string | undefined;
  /** How many data frames of the session have arrived. */
  readonly got: number;
  /** From a host: the longest time between two of its frames, in milliseconds. */
  readonly beatMs?: number;
  /** From a host: what has that name. */
  readonly kind?: 'worker' | 'pool';
}

/** The frames of a line: hello; data, with its number and the number of frames consumed; that number alone. */
export type Frame =
  | readonly ['h', Hello]
  | readonly ['d', at: number, consumed: number, batch: Batch]
  | readonly ['a', consumed: number];

/** A frame as it arrives: nothing of it is checked yet. Data is `['d', at, consumed, topic, values]`. */
export type Arrived = readonly unknown[];

/** An open connection that carries frames in order, until it is lost. */
export interface Line {
  /** The frames that arrive. Subscribed once; errors with a `LineClosedError` when the line is lost. */
  readonly frames$: Observable<Arrived>;
  /** Sends a frame; on a line that is lost, does nothing. */
  send(frame: Frame): void;
  /** Closes the line and gives the other end the reason. Only the first call counts. */
  close(code: number, reason: string): void;
}

/**
 * A way to reach a host. Subscribing connects and emits the open line; it errors if the host cannot be reached;
 * unsubscribing hangs up.
 */
export type Link = Observable<Line>;
