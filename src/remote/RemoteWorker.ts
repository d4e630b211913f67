import type { BehaviorSubject, Observable, Subject } from 'rxjs';
import type { RejectedInput } from '../contract/ReactiveWorker.js';
import type { LineInput } from '../contract/LineInput.js';
import type { RemoteStatus } from '../link/RemoteStatus.js';
import type { Connection } from './Connection.js';
import type { RemoteAskOptions } from './RemoteRequests.js';

/** The exchanges of a host by name: what is asked, and what is replied. */
export type Exchanges = Record<string, readonly [request: unknown, reply: unknown]>;

/** Output that does not arrive. */
export interface Gap {
  /**
   * `slow`: the client was too slow, or away for too long. `unsendable`: the values are too large, or have no JSON.
   * `session`: the host was started anew, or has forgotten the client; what the worker replays may have been seen.
   */
  readonly reason: 'slow' | 'unsendable' | 'session';
  /** Where the values would have been. */
  readonly stream: 'output' | 'stderr';
  /** How many values are missing; `undefined` if that cannot be known. */
  readonly missed: number | undefined;
}

/** The interface that a remote worker and a remote pool have in common. */
export interface Remote<Asks extends Exchanges> extends AsyncDisposable {
  /** The state of the connection: `connection$.value`. Never errors, completes on `close()`. */
  readonly connection$: BehaviorSubject<Connection>;
  /**
   * Runs an exchange of the host, one request per subscription; unsubscribing leaves it. Waits for the connection.
   * Errors with what the exchange errors with; with `RefusedError` if the host has no such exchange, or takes no more;
   * with `SessionLostError` if its outcome cannot be known.
   */
  ask<Name extends keyof Asks & string>(
    name: Name,
    request: Asks[Name][0],
    options?: RemoteAskOptions,
  ): Observable<Asks[Name][1]>;
  /** Connects at once: after a refusal, or instead of waiting. Otherwise does nothing. */
  reconnect(): void;
  /** Hangs up and completes every stream. A program of this client alone is stopped by the host, a shared one goes on. */
  close(): void;
  /** The same as `close()`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * A worker that runs on a host. Its streams are those of a `ReactiveWorker`: hot, never in error, subscribed once for
 * every run, every life and every reconnection, completed by `close()` or when the worker is disposed.
 */
export interface RemoteWorker<Out = string, In = LineInput, Asks extends Exchanges = Exchanges>
  extends Remote<Asks>, AsyncIterable<Out> {
  /** The program's stdout as values. Late subscribers get the last `replay` values. */
  readonly output$: Observable<Out>;
  /** The program's stderr, by line; silent unless the host allows `stderr`. */
  readonly stderr$: Observable<string>;
  /** The last known status, `stopped` before the first. While `connection$` is not `open` it may be old. */
  readonly status$: BehaviorSubject<RemoteStatus>;
  /** The program's stdin. `complete()` is the end-of-file of the current run alone. Values wait for the connection. */
  readonly send: Subject<In>;
  /**
   * Every value that will not reach the program, and why: `SessionLostError` for those in doubt. If nobody observes
   * it, the first of a session is a warning on the console.
   */
  readonly rejected$: Observable<RejectedInput<In>>;
  /** Emits between the values of `output$`, where others are missing. If nobody observes it, the first is a warning. */
  readonly gaps$: Observable<Gap>;
  /** Begins a life. If the host does not allow `control`, that is a warning on the console. */
  start(): void;
  /** Ends the life. Settles at rest, or when the session is lost; rejects with `RefusedError` if the host does not allow `control`. */
  stop(): Promise<void>;
  /** Ends the run and begins the next in the same life. Settles and rejects likewise. */
  restart(): Promise<void>;
  /**
   * Pulls the output of a life. While values wait to be pulled the host is not acknowledged: it pauses the program,
   * or leaves gaps, as it is set up to.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Out>;
}
