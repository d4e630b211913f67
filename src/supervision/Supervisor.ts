import {
  defer,
  identity,
  Observable,
  Subject,
  Subscription,
  type MonoTypeOperatorFunction,
} from 'rxjs';
import { withClock } from '../rx/clock.js';
import { messageOf, NotRunningError, SimpleIpcError } from '../contract/errors.js';
import type { RunPorts } from '../run/Run.js';
import type { RunPlan } from '../run/RunPlan.js';
import { RunSequence } from '../life/RunSequence.js';
import { runGuarded } from '../rx/runGuarded.js';
import type { StatusWriter } from '../contract/StatusSubject.js';
import type { Exit } from '../contract/exit.js';
import { MAX_EXITS, type WorkerStatus } from '../contract/status.js';
import { warn } from '../contract/warn.js';

/**
 * The lives of a worker, one after another. A life is over when the policy has ended *and* the last
 * process is reaped; only then comes the resting status. What a run does is known from the run
 * itself: of what comes out of the policy only the `backoff` after an exit is taken over, so that no
 * policy can break the order of the statuses.
 */
export class Supervisor<Out, In> {
  readonly #plan: RunPlan<Out, In>;
  readonly #ports: Pick<RunPorts<Out, In>, 'input' | 'output' | 'position' | 'stderr'>;
  readonly #supervise: MonoTypeOperatorFunction<WorkerStatus> | undefined;
  readonly #status: StatusWriter;
  readonly #runs: RunSequence<Out, In>;
  readonly #ended$ = new Subject<Exit>();
  readonly #rest$ = new Subject<SimpleIpcError | undefined>();
  #phase: 'resting' | 'living' | 'ending' = 'resting';
  #policy = new Subscription();
  #failure: SimpleIpcError | undefined;
  /** The last state emitted in this life, even if not all subscribers have it yet. */
  #state: WorkerStatus['state'] = 'stopped';
  #stopRequested = false;
  #startAgain = false;
  /** The streams whose first case was reported in this life. */
  #warned = new Set<string>();
  #exits: Exit[] = [];
  #waiting: Waiting[] = [];

  constructor(
    plan: RunPlan<Out, In>,
    ports: Pick<RunPorts<Out, In>, 'input' | 'output' | 'position' | 'stderr'>,
    supervise: MonoTypeOperatorFunction<WorkerStatus> | undefined,
    status: StatusWriter,
  ) {
    this.#plan = plan;
    this.#ports = ports;
    this.#supervise = supervise;
    this.#status = status;
    this.#runs = new RunSequence(plan, {
      ...ports,
      stopFrom: 'eof',
      ended: (exit, isFinal) => this.#runEnded(exit, isFinal),
      status: (next) => this.#report(next),
      idle: () => {
        // While a program that survived SIGKILL is there, no policy may start another.
        if (this.#runs.survivor) this.#end();
        else this.#settle();
      },
    });
    this.#refuseInput();
  }

  /** Whether a policy decides what follows a run. */
  get isSupervised(): boolean {
    return this.#supervise !== undefined;
  }

  /** Ends the run as a failure, which the policy counts. */
  endRun(error: SimpleIpcError): void {
    if (this.#phase === 'living') this.#runs.fail(error);
  }

  /** The end of each run, whatever follows. */
  get ended$(): Observable<Exit> {
    return this.#ended$;
  }

  /** Begins a life, after the one that is ending if there is one. */
  start(): void {
    const { survivor } = this.#runs;
    if (survivor) this.warn(`was not started: ${survivor.message}`);
    else if (this.#phase === 'resting') this.#begin();
    else if (this.#phase === 'ending' || this.#state === 'exited') {
      this.#startAgain = true;
      if (this.#isSettling()) this.#ports.input.accept();
    }
  }

  /** Ends the life: first the policy, then the run, by the ladder. Settles at rest. */
  async stop(): Promise<void> {
    if (this.#phase === 'resting') {
      if (this.#startAgain) this.#refuseInput(this.#restFailure);
      this.#startAgain = false;
      return;
    }
    const rest = this.#until(Infinity);
    this.#startAgain = false;
    this.#stopRequested = true;
    this.#end();
    await rest;
  }

  /** Ends the run and begins the next in the same life. Settles when that is running, or at rest. */
  async restart(): Promise<void> {
    if (this.#phase !== 'living') return;
    const running = this.#until(this.#runs.generation + 1);
    // Without a run the policy is waiting, in a way of its own: it begins anew, at once.
    if (!this.#runs.recycle()) this.#subscribe();
    await running;
  }

  /** The end of each life, with its failure if it failed. */
  get rest$(): Observable<SimpleIpcError | undefined> {
    return this.#rest$;
  }

  /**
   * Resolves when input can be written to a `running` run, or is rejected at once; `undefined` if so already. A
   * request must not wait in the queue for a run that may never begin.
   */
  writable(): Promise<void> | undefined {
    const { input } = this.#ports;
    const isRunning = this.#state === 'running' && (input.isOpen || input.isRefusing);
    if (isRunning || this.#phase === 'resting') return undefined;
    return this.#until(this.#runs.generation + (this.#state === 'starting' ? 0 : 1));
  }

  /** Stops reading the output, or reads on. */
  pause(paused: boolean): void {
    this.#runs.pause(paused);
  }

  /** Emits a process warning, for a problem that no stream reports. */
  warn(what: string): void {
    warn(new SimpleIpcError(this.#plan.command, what).message);
  }

  /** The same, once per life. @param stream - where each case can be observed. */
  warnOnce(stream: string, what: string): void {
    if (!this.#warned.has(stream)) this.warn(`${what} (reported once; see ${stream})`);
    this.#warned.add(stream);
  }

  #begin(): void {
    this.#phase = 'living';
    this.#failure = undefined;
    this.#stopRequested = false;
    this.#startAgain = false;
    this.#warned = new Set();
    this.#exits = [];
    this.#state = 'stopped';
    this.#ports.input.accept();
    this.#subscribe();
  }

  #subscribe(): void {
    const before = this.#policy;
    const policy = new Subscription();
    this.#policy = policy;
    runGuarded(() => before.unsubscribe());
    // A policy that is left may end the life from there, or begin anew.
    if (policy.closed) return;
    const run$ = this.#runWhile(policy);
    // The subscription is held before it is made: a status emitted meanwhile may lead to stop().
    policy.add(
      defer(() => withClock(this.#plan.clock, () => (this.#supervise ?? identity)(run$))).subscribe(
        {
          next: (status) => this.#takeOver(status),
          error: (error: unknown) =>
            this.#policyEnded(policy, asSimpleIpcError(this.#plan.command, error)),
          complete: () => this.#policyEnded(policy),
        },
      ),
    );
  }

  /** The runs that a policy subscribes to; they are unsubscribed with the policy, even if its operator does not do so. */
  #runWhile(policy: Subscription): Observable<WorkerStatus> {
    return new Observable((subscriber) => {
      policy.add(subscriber);
      this.#runs.run$.subscribe(subscriber);
    });
  }

  /** A `backoff` that comes late, or that no exit came before, would break the order. */
  #takeOver(status: WorkerStatus): void {
    if (status.state !== 'backoff' || this.#state !== 'exited') return;
    if (status.exit.generation !== this.#runs.generation) return;
    this.#state = status.state;
    // The policy goes on: there was nothing to start.
    this.#startAgain = false;
    this.#status.next(status);
  }

  #policyEnded(policy: Subscription, failure?: SimpleIpcError): void {
    if (policy.closed) return;
    this.#failure = failure;
    this.#end();
  }

  #end(): void {
    this.#phase = 'ending';
    runGuarded(() => this.#policy.unsubscribe());
    this.#settle();
  }

  #report(status: WorkerStatus): void {
    this.#state = status.state;
    if (status.state === 'starting' && this.#phase === 'living') this.#startAgain = false;
    this.#status.next(status);
    if (status.state === 'running') this.#release(status.generation);
  }

  #runEnded(exit: Exit, isFinal: boolean): void {
    this.#exits = [...this.#exits, exit].slice(-MAX_EXITS);
    if (isFinal) this.#state = 'exited';
    // While the life is ending, the resting status has the exit.
    if (isFinal && this.#phase !== 'ending') this.#status.next({ state: 'exited', exit });
    this.#ended$.next(exit);
  }

  /** Comes to rest if the life is over. */
  #settle(): void {
    if (!this.#isSettling()) return;
    // An observer of a rejection may call stop or start: it is still the end of this life.
    if (!this.#startAgain || this.#runs.survivor) this.#refuseInput(this.#restFailure);
    if (!this.#isSettling()) return;
    const failure = this.#restFailure;
    this.#rest$.next(failure);
    if (!this.#isSettling()) return;
    this.#phase = 'resting';
    // A status subscriber may begin another life, and wait for its end.
    const waiting = this.#waiting.splice(0);
    this.#emitRest(failure);
    for (const { resolve } of waiting) resolve();
    if (this.#startAgain) this.start();
  }

  /** The failure of the life that is over, if it is one. */
  get #restFailure(): SimpleIpcError | undefined {
    return this.#runs.survivor ?? (this.#stopRequested ? undefined : this.#failure);
  }

  /** Whether the life is over, but its final status not emitted yet. */
  #isSettling(): boolean {
    return this.#phase === 'ending' && this.#runs.isIdle;
  }

  #emitRest(error: SimpleIpcError | undefined): void {
    const exit = this.#exits.at(-1);
    const { status$ } = this.#status;
    if (error) {
      const isObserved = status$.observed;
      this.#status.next({ state: 'failed', error, exits: this.#exits });
      if (!isObserved) warn(error.message);
    } else if (exit && (this.#stopRequested || !isRest(this.#state, exit))) {
      this.#status.next({ state: 'stopped', exit });
    }
  }

  /** @param cause - why nothing runs, if that is a failure. */
  #refuseInput(cause?: SimpleIpcError): void {
    const { command } = this.#plan;
    const reason = cause ? `: ${cause.message}` : ': nothing reads its input';
    this.#ports.input.refuse(
      () => new NotRunningError(command, `is not running${reason}`, { cause }),
    );
  }

  /** Settles when that run, or a later one, is running, or else at rest. */
  #until(generation: number): Promise<void> {
    return new Promise((resolve) => this.#waiting.push({ generation, resolve }));
  }

  #release(generation: number): void {
    const waiting = this.#waiting;
    this.#waiting = waiting.filter((each) => each.generation > generation);
    for (const each of waiting) if (each.generation <= generation) each.resolve();
  }
}

interface Waiting {
  readonly generation: number;
  readonly resolve: () => void;
}

/** Whether the last status is already one of rest: the program exited with success. */
function isRest(state: WorkerStatus['state'], exit: Exit): boolean {
  return state === 'exited' && exit.reason === 'success';
}

function asSimpleIpcError(command: readonly string[], error: unknown): SimpleIpcError {
  if (error instanceof SimpleIpcError) return error;
  return new SimpleIpcError(command, `failed: ${messageOf(error)}`, { cause: error });
}
