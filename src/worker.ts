import { identity, type Observable, type Subject } from 'rxjs';
import { Brake } from './Brake.js';
import { Broadcast } from './Broadcast.js';
import type { Clock } from './clock.js';
import type { Command } from './command.js';
import type { CommandWords } from './errors.js';
import type { WithCodec } from './framing/codec.js';
import type { LineInput } from './framing/lines.js';
import { InputSubject } from './InputSubject.js';
import { checkOptions, checkType, checkWhole } from './check.js';
import { planRun, type RunOptions } from './options.js';
import { OutputIterator } from './OutputIterator.js';
import { InputQueue, type RejectedInput } from './process/InputQueue.js';
import { createStatus, type StatusSubject } from './StatusSubject.js';
import type { WorkerStatus } from './status.js';
import { Turns } from './Turns.js';
import { Supervisor, type Policy } from './Supervisor.js';

/** Options of {@link createWorker}. */
export interface WorkerOptions<Out = string, In = LineInput> extends RunOptions<Out, In> {
  /** Whether the first life begins at once. @defaultValue true */
  readonly start?: boolean;
  /**
   * The restart policy: any operator on an Observable that is one run per subscription, such as
   * `restartOnExit()`, or RxJS's `retry(3)` and `repeat({ delay: 1_000 })`. One that errors or throws fails the
   * life, with that as the cause. @defaultValue none
   */
  readonly supervise?: Policy;
  /** How many of the last values a late subscriber of `output$` and `stderr$` gets. @defaultValue 0 */
  readonly replay?: number;
}

/**
 * A program to talk to. It is hot: it runs whether or not anyone subscribes, and can have several
 * lives, one after another.
 */
export interface ReactiveWorker<Out = string, In = LineInput>
  extends AsyncDisposable, AsyncIterable<Out> {
  /**
   * What the program writes to stdout: lines, unless another codec was given. It spans every run and
   * every life: subscribe once. Late subscribers get the last `replay` values. It never errors, and
   * completes on dispose.
   */
  readonly output$: Observable<Out>;
  /** What the program writes to stderr, by line, likewise. It is drained whether or not anyone subscribes. */
  readonly stderr$: Observable<string>;
  /**
   * The running state, failures included: `status$.value`. It never errors, and completes on
   * dispose. Its `next`, `error` and `complete` throw a `TypeError`: only the worker writes it.
   * A failure that nobody observes is said by `process.emitWarning`.
   */
  readonly status$: StatusSubject;
  /**
   * What goes to stdin, a line each. `complete()` is the end-of-file of the current run alone. Values
   * wait while the program is starting or being restarted.
   */
  readonly send: Subject<In>;
  /**
   * Every value that will not reach the program, and why. Completes on dispose. If nobody observes
   * it, the first rejection of a life is said by `process.emitWarning`. What is sent again from there may be
   * rejected again, at once.
   */
  readonly rejected$: Observable<RejectedInput<In>>;
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

/** Creates a worker whose codec says what comes out of the program and what goes in. */
export function createWorker<Out, In = LineInput>(
  command: Command,
  options: WorkerOptions<Out, In> & WithCodec<Out, In>,
): ReactiveWorker<Out, In>;
/**
 * Creates a worker: a program that runs beside the application, restarted by a policy if one is given.
 *
 * @example
 * ```ts
 * const calculator = createWorker('bc');
 * calculator.output$.subscribe((line) => console.log(line)); // 42
 * calculator.send.next('6 * 7');
 * calculator.send.complete();
 * ```
 *
 * @param command - what to run, as a string split at white space, or as a list.
 * @param options - see {@link WorkerOptions}.
 * @returns the worker; it reports its failures on `status$`.
 * @throws TypeError, RangeError for a wrong command or option.
 * @see {@link exchange}, {@link feed} and {@link pacedMap}, to talk to it; {@link fromCommand}, for one-off
 * programs
 */
export function createWorker<Out extends string = string, In extends LineInput = LineInput>(
  command: Command,
  options?: WorkerOptions<Out, In>,
): ReactiveWorker<Out, In>;
export function createWorker<Out, In>(
  command: Command,
  options: WorkerOptions<Out, In> = {},
): ReactiveWorker<Out, In> {
  return new CommandWorker(command, options);
}

/** What operators need of a worker, beyond its public face. */
export interface WorkerInternals<In> {
  readonly command: CommandWords;
  readonly clock: Clock;
  readonly input: InputQueue<In>;
  /** See `StatusWriter`. */
  readonly statusChanges$: Observable<WorkerStatus>;
  /** Pauses the program. */
  readonly brake: Brake;
  /** Whose turn it is to ask. */
  readonly turns: Turns;
  readonly supervisor: Pick<Supervisor<unknown, In>, 'ended$' | 'rest$' | 'settled'>;
}

// A worker's own `In` is what was put in for it.
const internals = new WeakMap<object, unknown>();

/** @throws TypeError if it is not a worker of `createWorker`. */
export function internalsOf<Out, In>(worker: ReactiveWorker<Out, In>): WorkerInternals<In> {
  const found = internals.get(worker);
  if (!found) throw new TypeError('worker must be one that createWorker() made');
  return found as WorkerInternals<In>;
}

class CommandWorker<Out, In> implements ReactiveWorker<Out, In> {
  readonly output$: Observable<Out>;
  readonly stderr$: Observable<string>;
  readonly status$: StatusSubject;
  readonly send: Subject<In>;
  readonly rejected$: Observable<RejectedInput<In>>;
  readonly #supervisor: Supervisor<Out, In>;
  readonly #brake: Brake;
  readonly #complete: () => void;
  #disposed = false;
  #disposal: Promise<void> | undefined;

  constructor(command: Command, options: WorkerOptions<Out, In>) {
    checkOptions('options', options);
    const { start = true, supervise = identity, replay = 0 } = options;
    checkType('start', start, 'boolean');
    checkType('supervise', supervise, 'function');
    checkWhole({ replay });
    const plan = planRun(command, options, true);
    const output = new Broadcast<Out>(replay);
    const stderr = new Broadcast<string>(replay);
    const status = createStatus();
    const rejected = new Broadcast<RejectedInput<In>>();
    const input = new InputQueue<In>(plan.command, plan.codec, plan.maxPendingBytes, {
      rejected: (lost, isKnown) => {
        if (rejected.isObserved) rejected.next(lost);
        else if (!isKnown)
          this.#supervisor.warnOnce(`will not get an input: ${lost.error.message}`);
      },
    });
    this.output$ = output.values$;
    this.stderr$ = stderr.values$;
    this.status$ = status.status$;
    const send = new InputSubject(input);
    this.send = send;
    this.rejected$ = rejected.values$;
    this.#supervisor = new Supervisor(
      plan,
      {
        input,
        output: (value) => output.next(value),
        stderr: (line) => stderr.next(line),
      },
      supervise,
      status,
    );
    this.#brake = new Brake((held) => this.#supervisor.pause(held));
    internals.set(this, {
      command: plan.command,
      clock: plan.clock,
      input,
      statusChanges$: status.changes$,
      brake: this.#brake,
      turns: new Turns(),
      supervisor: this.#supervisor,
    } satisfies WorkerInternals<In>);
    this.#complete = () => {
      output.complete();
      stderr.complete();
      rejected.complete();
      send.endAll();
      status.complete();
    };
    if (start) this.start();
  }

  start(): void {
    if (this.#disposed) this.#supervisor.warn('was not started: its worker is disposed');
    else this.#supervisor.start();
  }

  stop(): Promise<void> {
    return this.#supervisor.stop();
  }

  restart(): Promise<void> {
    return this.#supervisor.restart();
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Out> {
    return new OutputIterator(this.output$, this.#supervisor.rest$, this.#brake);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true; // Before stop() tells of it.
    this.#disposal ??= this.stop().then(this.#complete);
    return this.#disposal;
  }
}
