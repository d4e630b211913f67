import { repeat, retry, type MonoTypeOperatorFunction, type Observable, type Subject } from 'rxjs';
import { SharedPause } from '../rx/SharedPause.js';
import { Broadcast } from '../rx/Broadcast.js';
import type { Command } from '../contract/command.js';
import type { WithCodec } from '../framing/codec.js';
import type { LineInput } from '../framing/lines.js';
import type { ReactiveWorker, RejectedInput } from '../contract/ReactiveWorker.js';
import { internals, type WorkerInternals } from '../contract/internals.js';
import { healthOptions, HealthProbe, type HealthOptions } from '../exchange/HealthProbe.js';
import { requestsOf } from '../exchange/Requests.js';
import { InputSubject } from './InputSubject.js';
import { boolean, callable, integer, type Check } from '../contract/check.js';
import { checkArguments, checkOptions, type Checks } from '../contract/options.js';
import { ReadPosition } from '../contract/ReadPosition.js';
import { planRun, RUN_CHECKS, type RunOptions } from '../run/RunOptions.js';
import { OutputIterator } from './OutputIterator.js';
import { WorkerEvents } from './WorkerEvents.js';
import { InputQueue } from '../run/InputQueue.js';
import type { WorkerStatus } from '../contract/status.js';
import { createStatus, type StatusSubject } from '../contract/StatusSubject.js';
import { Mutex } from '../rx/Mutex.js';
import { restartOnExit } from '../supervision/restartOnExit.js';
import { Supervisor } from '../supervision/Supervisor.js';

/** Options of {@link createWorker}. */
export interface WorkerOptions<Out = string, In = LineInput> extends RunOptions<Out, In> {
  /** Whether the first life begins at once. @defaultValue true */
  readonly start?: boolean;
  /**
   * The restart policy: any operator on an Observable that is one run per subscription, such as
   * `restartOnExit()`, or RxJS's `retry(3)` and `repeat({ delay: 1_000 })`. One that errors or throws fails the
   * life, with that as the cause. @defaultValue none
   */
  readonly supervise?: MonoTypeOperatorFunction<WorkerStatus>;
  /** How many of the last values a late subscriber of `output$` and `stderr$` gets. @defaultValue 0 */
  readonly replay?: number;
  /**
   * A request that the program has to answer now and then: a run that does not ends as `unhealthy`, which the policy
   * counts as a failure. See {@link HealthOptions}. @defaultValue none
   */
  readonly health?: HealthOptions<NoInfer<Out>, NoInfer<In>>;
}

const policy: Check = (name, value) => {
  callable(name, value);
  if (![restartOnExit, retry, repeat].some((factory) => factory === value)) return;
  const factory = (value as typeof restartOnExit).name;
  throw new TypeError(`${name} must be what ${factory}() returns, not ${factory} itself: call it`);
};

/** The checks of {@link WorkerOptions}. */
export const WORKER_CHECKS = {
  ...RUN_CHECKS,
  start: boolean,
  supervise: policy,
  replay: integer,
  health: healthOptions,
} satisfies Checks<WorkerOptions>;

/** Creates a worker whose codec determines the types of output and input. */
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
 * @see {@link exchange}, {@link feed} and {@link consume}, to talk to it; {@link fromCommand}, for one-off
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
  checkArguments('createWorker', arguments, 2);
  checkOptions('createWorker', options, WORKER_CHECKS);
  return new CommandWorker(command, options);
}

class CommandWorker<Out, In> implements ReactiveWorker<Out, In> {
  readonly output$: Observable<Out>;
  readonly stderr$: Observable<string>;
  readonly status$: StatusSubject;
  readonly send: Subject<In>;
  readonly rejected$: Observable<RejectedInput<In>>;
  readonly unsolicited$: Observable<Out>;
  readonly #supervisor: Supervisor<Out, In>;
  readonly #pause: SharedPause;
  readonly #complete: () => void;
  #disposed = false;
  #disposal: Promise<void> | undefined;

  constructor(command: Command, options: WorkerOptions<Out, In>) {
    const { start = true, supervise, replay = 0, health } = options;
    const plan = planRun(command, options, true);
    const events = new WorkerEvents(plan.name, plan.command, this);
    const output = new Broadcast<Out>(replay);
    const stderr = new Broadcast<string>(replay);
    const status = createStatus<WorkerStatus>({ state: 'stopped' });
    const position = new ReadPosition();
    const rejected = new Broadcast<RejectedInput<In>>();
    const unsolicited = new Broadcast<Out>();
    const input = new InputQueue<In>(plan.command, plan.codec, plan.maxPendingBytes, {
      rejected: (lost, isKnown) => {
        events.rejected(lost);
        if (rejected.isObserved) rejected.next(lost);
        else if (!isKnown)
          this.#supervisor.warnOnce('rejected$', `will not get an input: ${lost.error.message}`);
      },
    });
    this.output$ = output.values$;
    this.stderr$ = stderr.values$;
    this.status$ = status.status$;
    status.changes$.subscribe(() => events.status());
    const send = new InputSubject(input);
    this.send = send;
    this.rejected$ = rejected.values$;
    this.unsolicited$ = unsolicited.values$;
    this.#supervisor = new Supervisor(
      plan,
      {
        input,
        output: (value) => output.next(value),
        position,
        stderr: (line) => stderr.next(line),
      },
      supervise,
      status,
    );
    this.#pause = new SharedPause((held) => this.#supervisor.pause(held));
    internals.set(this, {
      command: plan.command,
      output$: this.output$,
      clock: plan.clock,
      input,
      position,
      statusChanges$: status.changes$,
      pause: this.#pause,
      mutex: new Mutex(),
      tracer: events.tracer,
      supervisor: this.#supervisor,
      unsolicited: (value) => {
        if (unsolicited.isObserved) unsolicited.next(value);
        else
          this.#supervisor.warnOnce(
            'unsolicited$',
            `wrote what no request asked for: ${excerptOf(value)}`,
          );
      },
    } satisfies WorkerInternals<Out, In>);
    this.#complete = () => {
      output.complete();
      stderr.complete();
      rejected.complete();
      unsolicited.complete();
      send.endAll();
      status.complete();
      events.status(true);
    };
    if (health) new HealthProbe(requestsOf(this), health).start();
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
    return new OutputIterator(this.output$, this.#supervisor.rest$, this.#pause);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true; // Before stop() emits a status.
    this.#disposal ??= this.stop().then(this.#complete);
    return this.#disposal;
  }
}

/** A value, in few words for a warning. */
function excerptOf(value: unknown): string {
  const text = JSON.stringify({ value }).slice('{"value":'.length, -1);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
