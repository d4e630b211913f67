import { Observable, type Subscriber } from 'rxjs';
import type { RunMessage } from '../contract/channels.js';
import { isTraced, Trace } from '../contract/Trace.js';
import { channels } from '../run/channels.js';
import type { SimpleIpcError, StopError } from '../contract/errors.js';
import { serialize } from '../rx/serialize.js';
import { Run, type RunPorts } from '../run/Run.js';
import type { RunPlan } from '../run/RunPlan.js';
import { runGuarded } from '../rx/runGuarded.js';
import type { Exit } from '../contract/exit.js';
import type { StopStage, WorkerStatus } from '../contract/status.js';

/** The callbacks and queues of a sequence. */
export interface RunSequencePorts<Out, In> extends Pick<
  RunPorts<Out, In>,
  'input' | 'output' | 'position' | 'stderr'
> {
  /** `starting`, `running` and `stopping` of each run, before a policy sees them. */
  readonly status: (status: WorkerStatus) => void;
  /** A run is over. `isFinal`: the policy decides what follows; otherwise another run takes its place, or it was given up before. */
  readonly ended: (exit: Exit, isFinal: boolean) => void;
  /** Nothing waits to run, and the last run is over or has survived SIGKILL. */
  readonly idle: () => void;
  /** The rung at which unsubscribing begins. */
  readonly stopFrom: StopStage;
}

/**
 * The runs of one life after another, at most one at a time. Subscribing to `run$` begins a run as
 * soon as the one before it is reaped; unsubscribing stops it.
 */
export class RunSequence<Out, In> {
  /** One run per subscription: its statuses. A clean end completes, a failed end errors. */
  readonly run$ = new Observable<WorkerStatus>((subscriber) => {
    const survivor = this.#survivor;
    // Not at once: a `retry()` without a delay would never end.
    if (survivor) return this.#plan.clock.after(0, () => subscriber.error(survivor));
    this.#waiting.push(subscriber);
    this.#beginNext();
    return () => this.#leave(subscriber);
  });

  readonly #plan: RunPlan<Out, In>;
  readonly #ports: RunSequencePorts<Out, In>;
  #waiting: Subscriber<WorkerStatus>[] = [];
  #subscriber: Subscriber<WorkerStatus> | undefined;
  #run: Run<Out, In> | undefined;
  #generation = 0;
  #survivor: StopError | undefined;
  #paused = false;

  constructor(plan: RunPlan<Out, In>, ports: RunSequencePorts<Out, In>) {
    this.#plan = plan;
    this.#ports = ports;
  }

  /** Whether nothing runs and nothing is about to. */
  get isIdle(): boolean {
    return (!this.#run || this.#survivor !== undefined) && this.#waiting.length === 0;
  }

  /** A program that survived SIGKILL and is not reaped yet: nothing can be started. */
  get survivor(): StopError | undefined {
    return this.#survivor;
  }

  /** How many runs there were. */
  get generation(): number {
    return this.#generation;
  }

  /** Ends the current run by the ladder; the next begins for the same subscriber. @returns whether there was or will be a run. */
  recycle(): boolean {
    // An unsubscribed run is already stopping and has no successor.
    const isSubscribed = this.#subscriber?.closed === false;
    if (isSubscribed) this.#run?.stop('recycled', 'eof');
    return isSubscribed || this.#waiting.length > 0;
  }

  /** Stops reading the output of this run and those that follow, or reads on. */
  pause(paused: boolean): void {
    this.#paused = paused;
    this.#run?.pause(paused);
  }

  /** Ends the current run as a failure: the policy decides what follows. */
  fail(error: SimpleIpcError): void {
    if (this.#subscriber?.closed === false) this.#run?.stop('unhealthy', 'eof', error);
  }

  /** Stops the current run, because its input failed. */
  failInput(error: unknown): void {
    this.#run?.stop('input-error', 'term', error);
  }

  #beginNext(): void {
    if (this.#run) return;
    const subscriber = this.#waiting.shift();
    if (subscriber) this.#begin(subscriber);
  }

  #begin(subscriber: Subscriber<WorkerStatus>): void {
    // A subscriber that saw the previous run end may have stopped the life, or begun another.
    if (subscriber.closed) {
      this.#beginNext();
      return;
    }
    // An observer of a status may cause the next one, which the subscriber must not get first.
    const emit = serialize((status: WorkerStatus) => {
      this.#ports.status(status);
      subscriber.next(status);
    });
    let trace: Trace<RunMessage> | undefined;
    const run = new Run(this.#plan, ++this.#generation, {
      ...this.#ports,
      status: (status) => {
        if (status.state === 'starting') trace = this.#trace(status);
        emit(status);
      },
      survived: (error) => this.#survived(subscriber, error),
      ended: (exit, error) => {
        trace?.end({ result: exit, ...(error !== undefined && { error }) });
        this.#ended(subscriber, exit, error);
      },
    });
    this.#run = run;
    this.#subscriber = subscriber;
    if (this.#paused) run.pause(true);
    run.announce();
  }

  /** The trace of a run that has begun, if anything subscribes to runs. */
  #trace({
    generation,
    pid,
  }: Extract<WorkerStatus, { state: 'starting' }>): Trace<RunMessage> | undefined {
    if (!isTraced(channels.run)) return undefined;
    const { name, command } = this.#plan;
    return new Trace(channels.run, {
      name,
      command,
      generation,
      ...(pid !== undefined && { pid }),
    });
  }

  #leave(subscriber: Subscriber<WorkerStatus>): void {
    this.#waiting = this.#waiting.filter((other) => other !== subscriber);
    if (this.#subscriber === subscriber) this.#run?.stop('requested', this.#ports.stopFrom);
  }

  #ended(subscriber: Subscriber<WorkerStatus>, exit: Exit, error: unknown): void {
    this.#run = undefined;
    this.#subscriber = undefined;
    if (this.#survivor) {
      // Its loss was reported already; now it is reaped.
      this.#survivor = undefined;
      this.#ports.ended(exit, false);
    } else if (exit.reason === 'recycled' && !subscriber.closed) {
      this.#ports.ended(exit, false);
      this.#begin(subscriber);
    } else {
      this.#ports.ended(exit, true);
      subscriber.next({ state: 'exited', exit });
      // An input may have failed with `undefined`.
      const isFailure = error !== undefined || exit.reason === 'input-error';
      runGuarded(() => (isFailure ? subscriber.error(error) : subscriber.complete()));
      this.#beginNext();
      if (this.isIdle) this.#ports.idle();
    }
  }

  #survived(subscriber: Subscriber<WorkerStatus>, error: StopError): void {
    this.#survivor = error;
    this.#subscriber = undefined;
    this.#ports.idle();
    for (const lost of [subscriber, ...this.#waiting.splice(0)])
      runGuarded(() => lost.error(error));
  }
}
