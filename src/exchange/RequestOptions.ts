import type { Observable } from 'rxjs';

/** Options of every request. */
export interface RequestOptions {
  /**
   * How long the whole reply may take, in milliseconds, from when the request is handed over to be written: what is queued
   * before it counts, the waiting for a turn or a start does not. Then `ReplyTimeoutError`; that is never asked again.
   * Without a limit a reply that never comes keeps its turn for ever. @defaultValue Infinity
   */
  readonly timeoutMs?: number;
  /** The same for the time before the first emission of a reply, and between two of them. @defaultValue Infinity */
  readonly idleTimeoutMs?: number;
  /**
   * Whether a request may be asked again when its run ended before the reply was complete. What was
   * emitted of the reply before is then emitted anew. @defaultValue false: `ExitError`
   */
  readonly idempotent?: boolean;
  /**
   * How often an idempotent request is asked in all, so that one which kills its program ends too. It needs
   * `idempotent`, be it `false`. @defaultValue 3
   */
  readonly maxAttempts?: number;
  /** Gives the request up when it is aborted: the stream errors with the signal's reason. @defaultValue none */
  readonly signal?: AbortSignal;
}

/** Replies are known by their order, or by what `reply` looks for. */
export interface ReplyOptions<Out, In, Reply> extends RequestOptions {
  /**
   * An operator on the output that follows the request, such as `take(1)`: it emits the reply, and completes when the
   * reply is complete. For a request without a reply return `EMPTY`: it is complete when it was written.
   * If it errors the end of the reply is not known, and in turn the run is ended as after a time-out: check the
   * content of a reply behind the request, not here.
   */
  readonly reply: (output$: Observable<Out>, request: In) => Observable<Reply>;
  /**
   * Whether the request waits for its turn. `false` only if `reply` distinguishes the replies by itself.
   * @defaultValue true, or whether `concurrency` is 1
   */
  readonly inTurn?: boolean;
}

/** Replies are known by an id that they share with their request. */
export interface KeyOptions<Out, In> extends RequestOptions {
  /**
   * The id of a request, and of a reply. Each request has one reply, and an id that no other under way with this worker
   * has; a message whose id is `undefined` is no reply. If it throws for a message, the requests that use it fail. Keep it
   * in a constant where many requests are under way: each message is looked up once per function.
   */
  readonly key: (message: Out | In) => unknown;
  /**
   * How many requests in a row may time out while the program writes nothing at all, before its run is ended with an
   * `UnhealthyError`, which its policy counts. @defaultValue 3
   */
  readonly maxTimeouts?: number;
}

/** How many requests of one source are under way. */
export interface Concurrency {
  /**
   * How many requests are under way at a time. With `reply`, more than 1 only if that distinguishes replies, or with a
   * pool, each of whose workers has one at a time. @defaultValue 1; the size of the pool; Infinity with `key`
   */
  readonly concurrency?: number;
}
