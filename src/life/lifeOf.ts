import {
  catchError,
  concat,
  EMPTY,
  ignoreElements,
  mergeMap,
  noop,
  of,
  Subject,
  takeUntil,
  tap,
  type Observable,
  type ObservableInput,
  type Observer,
} from 'rxjs';
import { abortable } from '../rx/abortable.js';
import { Broadcast } from '../rx/Broadcast.js';
import type { Command } from '../contract/command.js';
import { InputClosedError } from '../contract/errors.js';
import type { WithCodec } from '../framing/codec.js';
import type { LineInput } from '../framing/lines.js';
import { checkNotText, methods, object, type Check } from '../contract/check.js';
import { checkArguments, checkOptions, type Checks } from '../contract/options.js';
import { ReadPosition } from '../contract/ReadPosition.js';
import { planRun, RUN_CHECKS, type RunOptions } from '../run/RunOptions.js';
import { isSource, pour } from '../run/InputPump.js';
import { InputQueue } from '../run/InputQueue.js';
import { RunSequence } from './RunSequence.js';
import type { WorkerStatus } from '../contract/status.js';

/** Options of {@link lifeOf}: those of a run, and where it is connected to. */
export interface LifeOptions<Out = string, In = LineInput> extends RunOptions<Out, In> {
  /** The source of stdin, read anew for each run. @defaultValue none: stdin is empty */
  readonly input?: ObservableInput<In>;
  /** Gets the decoded stdout of every run, before the status that follows it. Only `next` is called. @defaultValue none: it is discarded */
  readonly output?: Partial<Observer<Out>>;
  /** Gets the lines of stderr, likewise. @defaultValue none: the end of it is in errors */
  readonly stderrLines?: Partial<Observer<string>>;
  /** Stops the program when it is aborted; the stream errors with the signal's reason. @defaultValue none */
  readonly signal?: AbortSignal;
}

const source: Check = (name, value) => {
  checkNotText(name, value);
  if (isSource(value)) return;
  throw new TypeError(`${name} must be an Observable, a promise, an iterable or a stream`);
};

/** The checks of {@link LifeOptions}. */
export const LIFE_CHECKS = {
  ...RUN_CHECKS,
  input: source,
  output: object,
  stderrLines: object,
  signal: methods('addEventListener', 'removeEventListener'),
} satisfies Checks<LifeOptions>;

/** The life of a program whose codec determines the types of output and input. */
export function lifeOf<Out, In = LineInput>(
  command: Command,
  options: LifeOptions<Out, In> & WithCodec<Out, In>,
): Observable<WorkerStatus>;
/**
 * The life of a program as an Observable of its statuses, the primitive under everything else.
 * Subscribing starts the program; `starting`, `running` and `exited` flow by. A clean end completes,
 * a failed end errors, after `exited`. Unsubscribing stops it, from SIGTERM on.
 *
 * It is cold, but of one program at a time: a subscription waits until the process of the one before
 * is reaped, so that `retry` and `repeat` never have two alive.
 *
 * @example
 * ```ts
 * lifeOf('node server.js', { output: { next: (line) => console.log(line) } })
 *   .pipe(restartOnExit())
 *   .subscribe((status) => console.log(status.state));
 * ```
 *
 * @param command - the program and its arguments, as a string split at white space, or as a list.
 * @param options - see {@link LifeOptions}.
 * @returns statuses; errors with `SpawnError`, `ExitError`, `StartTimeoutError`, `FramingError`,
 * `StopError`, the error of `input`, why a value of it could not be sent (`LineBreakError`, `InputOverflowError`,
 * what `encode` threw), or the reason of `signal`.
 * @throws TypeError, RangeError for a wrong command or option.
 * @see {@link createWorker}, which pours it into subjects, and {@link fromCommand}, which emits the output
 */
export function lifeOf<Out extends string = string, In extends LineInput = LineInput>(
  command: Command,
  options?: LifeOptions<Out, In>,
): Observable<WorkerStatus>;
export function lifeOf<Out, In>(
  command: Command,
  options: LifeOptions<Out, In> = {},
): Observable<WorkerStatus> {
  checkArguments('lifeOf', arguments, 2);
  checkOptions('lifeOf', options, LIFE_CHECKS);
  return lifeWith(command, options);
}

/** The life of a program whose options are checked. */
export function lifeWith<Out, In>(
  command: Command,
  options: LifeOptions<Out, In>,
): Observable<WorkerStatus> {
  const { input, output, stderrLines, signal } = options;
  const plan = planRun(command, options, input !== undefined);
  const inputIsOver$ = new Subject<void>();
  const queue = new InputQueue<In>(plan.command, plan.codec, plan.maxPendingBytes, {
    // A program may stop reading early, as `head -n 1` does.
    closed: () => inputIsOver$.next(),
    rejected: ({ error }) => {
      inputIsOver$.next();
      if (!(error instanceof InputClosedError)) runs.failInput(error);
    },
  });
  const runs = new RunSequence<Out, In>(plan, {
    input: queue,
    output: sinkOf(output),
    position: new ReadPosition(),
    stderr: sinkOf(stderrLines),
    stopFrom: 'term',
    idle: noop,
    status: noop,
    ended() {
      inputIsOver$.next();
      queue.refuse(() => new InputClosedError(plan.command, 'has ended'));
      queue.accept();
    },
  });
  const pour$ = pour(input ?? [], queue).pipe(
    tap({
      complete: () => queue.complete(),
      error: (error: unknown) => runs.failInput(error),
    }),
    ignoreElements(),
    // It comes back as the end of the run.
    catchError(() => EMPTY),
    takeUntil(inputIsOver$),
  );
  const life$ = input === undefined ? runs.run$ : runs.run$.pipe(mergeMap(withInput));
  return signal ? abortable(life$, signal) : life$;

  /** A run's input is read from its `starting` on, until the run is over or unsubscribed. */
  function withInput(status: WorkerStatus): Observable<WorkerStatus> {
    return status.state === 'starting' ? concat(of(status), pour$) : of(status);
  }
}

/** A function that writes to an observer. An error that the observer throws is reported apart, as everywhere in RxJS. */
function sinkOf<T>(observer: Partial<Observer<T>> | undefined): (value: T) => void {
  if (!observer) return noop;
  const broadcast = new Broadcast<T>();
  broadcast.values$.subscribe(observer);
  return (value) => broadcast.next(value);
}
