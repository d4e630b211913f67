import type { LineInput } from './LineInput.js';
import type { StatusSubject } from './StatusSubject.js';
import type { ReactiveWorker } from './ReactiveWorker.js';

/** How many workers of a pool are in which state, and how many requests wait for one. */
export interface PoolStatus {
  /** Ready for a request. */
  readonly idle: number;
  /** At work on one. */
  readonly busy: number;
  /** Starting, or being restarted. */
  readonly starting: number;
  /** At rest: failed, or stopped. */
  readonly resting: number;
  /** Requests that wait for an idle worker. */
  readonly waiting: number;
}

/** Programs of one kind, side by side. Give it to `ask` and `exchange` in place of a worker. */
export interface Pool<Out = string, In = LineInput> extends AsyncDisposable {
  /** The workers. Their streams can be observed; only `ask` and `exchange` should send to them. */
  readonly workers: readonly ReactiveWorker<Out, In>[];
  /**
   * The state of the pool, in counts: a `BehaviorSubject` that only the pool writes. Why a worker failed is on its own
   * `status$`. Never errors, completes on dispose.
   */
  readonly status$: StatusSubject<PoolStatus>;
  /**
   * Takes no new request, finishes those it has, then stops all: for good. Settles when all are at rest; a
   * reply that never comes is waited for, unless it has a `timeoutMs`.
   */
  stop(): Promise<void>;
  /** The same, and completes the streams of its workers. */
  [Symbol.asyncDispose](): Promise<void>;
}
