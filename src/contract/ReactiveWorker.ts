import type { Observable, Subject } from 'rxjs';
import type { LineInput } from './LineInput.js';
import type { StatusSubject } from './StatusSubject.js';

/** An input value that will not reach the program, and why. */
export interface RejectedInput<In> {
  /** The value that was sent. */
  readonly value: In;
  /** A `SimpleIpcError`, or what the codec's `encode` threw. */
  readonly error: Error;
}

/**
 * A program to talk to. It is hot: it runs whether or not anyone subscribes, and can have several
 * lives, one after another.
 */
export interface ReactiveWorker<Out = string, In = LineInput>
  extends AsyncDisposable, AsyncIterable<Out> {
  /**
   * The program's stdout as values: lines, unless another codec was given. It spans every run and
   * every life: subscribe once. Late subscribers get the last `replay` values. It never errors, and
   * completes on dispose.
   */
  readonly output$: Observable<Out>;
  /** The program's stderr, by line, likewise. It is drained whether or not anyone subscribes. */
  readonly stderr$: Observable<string>;
  /**
   * The running state, failures included: `status$.value`. It never errors, and completes on
   * dispose. Its `next`, `error` and `complete` throw a `TypeError`: only the worker writes it.
   * A failure without a subscriber is reported by `process.emitWarning`.
   */
  readonly status$: StatusSubject;
  /**
   * The program's stdin, one line per value. `complete()` is the end-of-file of the current run alone. Values
   * wait while the program is starting or being restarted.
   */
  readonly send: Subject<In>;
  /**
   * Every value that will not reach the program, and why. Completes on dispose. Without a
   * subscriber, the first rejection of a life is reported by `process.emitWarning`. A value that a subscriber sends
   * again may be rejected again, at once.
   */
  readonly rejected$: Observable<RejectedInput<In>>;
  /**
   * Output that belongs to no reply: written while no request has its turn, after requests in turn (`ask`, `exchange`) and
   * no other input since. Replies and requests may no longer match: a reply has more lines than `reply` takes, or the
   * program writes without a request. Without a subscriber, the first in a life is a process warning. Completes on dispose.
   */
  readonly unsolicited$: Observable<Out>;
  /**
   * Begins a life; nothing if one is going on. While it is ending, the next follows it. After the dispose, or while
   * a program that survived SIGKILL is there, it only warns.
   */
  start(): void;
  /**
   * Ends the life: end-of-file, SIGTERM, SIGKILL, each with its time. Settles at rest, with nothing left
   * running unless it survived SIGKILL (`failed`, with `StopError`); never rejects.
   */
  stop(): Promise<void>;
  /**
   * Ends the run likewise and begins the next in the same life; no policy counts it. During a policy's
   * delay the next begins at once. At rest and during a stop it does nothing.
   * Settles when the next run is `running`, or at rest; never rejects.
   */
  restart(): Promise<void>;
  /**
   * Pulls the output of a life, what is replayed and what comes: `for await (const line of worker)`. While values wait to
   * be pulled the program is paused; of several readers the slowest governs. The loop ends when the life is
   * over (the next one, if the worker is at rest now), with its error if that failed. Leaving the
   * loop lets the program go on.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Out>;
  /** Stops, then completes every stream. Afterwards nothing can be started or sent. */
  [Symbol.asyncDispose](): Promise<void>;
}
