import { defer, Observable, Subject, Subscription, type MonoTypeOperatorFunction } from 'rxjs';
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

/** A restart policy: an operator on an Observable that is one run per subscription. */
export type Policy = MonoTypeOperatorFunction<WorkerStatus>;

/**
 * The lives of a worker, one after another. A life is over when the policy has ended *and* the last
 * process is reaped; only then comes the resting status. What a run does is known from the run
 * itself: of what comes out of the policy only the `backoff` after an exit is taken over, so that no
 * policy can break the order of the statuses.
 */
export class Supervisor<Out, In> {
  readonly #plan: RunPlan<Out, In>;
  readonly #ports: Pick<RunPorts<Out, In>, 'input' | 'output' | 'position' | 'stderr'>;
  readonly #supervise: Policy;
  readonly #status: StatusWriter;
  readonly #runs: RunSequence<Out, In>;
  readonly #ended$ = new Subject<Exit>();
  readonly #rest$ = new Subject<SimpleIpcError | undefined>();
  #phase: 'resting' | 'living' | 'ending' = 'resting';
  #policy = new Subscription();
  #failure: SimpleIpcError | undefined;
  /** What was said last in this life, even if it is not told to everyone yet. */
  #state: WorkerStatus['state'] = 'stopped';
  #stopRequested = false;
  #startAgain = false;
  #warned = false;
  #exits: Exit[] = [];
  /** The generation of the last exit that was kept. */
  #remembered = 0;
  #waiting: Waiting[] = [];

  constructor(
    plan: RunPlan<Out, In>,
    ports: Pick<RunPorts<Out, In>, 'input' | 'output' | 'position' | 'stderr'>,
    supervise: Policy,
    status: StatusWriter,
  ) {
    this.#plan = plan;
    this.#ports = ports;
    this.#supervise = supervise;
    this.#status = status;
    this.#runs = new RunSequence(plan, {
      ...ports,
      stopFrom: 'eof',
      ended: (exit) => {
        this.#remember(exit);
        this.#ended$.next(exit);
      },
      status: (next) => this.#report(next),
      idle: () => {
        // Of a program that survives SIGKILL no policy may have another.
        if (this.#runs.survivor) this.#end();
        else this.#settle();
      },
    });
    this.#refuseInput();
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
      if (this.#startAgain) this.#refuseInput();
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
   * Settles when what is pushed is for a run that is `running`, or is rejected at once; `undefined` if so
   * already. Nothing that is asked may wait for a run of which nobody knows when it comes.
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

  /** Says something that no stream can carry. */
  warn(what: string): void {
    warn(new SimpleIpcError(this.#plan.command, what).message);
  }

  /** The same, for the first time in this life. */
  warnOnce(what: string): void {
    if (!this.#warned) this.warn(`${what} (said once; see rejected$)`);
    this.#warned = true;
  }

  #begin(): void {
    this.#phase = 'living';
    this.#failure = undefined;
    this.#stopRequested = false;
    this.#startAgain = false;
    this.#warned = false;
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
    // The subscription is held before it is made: a status told meanwhile may lead to stop().
    policy.add(
      defer(() => withClock(this.#plan.clock, () => this.#supervise(run$))).subscribe({
        next: (status) => this.#takeOver(status),
        error: (error: unknown) =>
          this.#policyEnded(policy, asSimpleIpcError(this.#plan.command, error)),
        complete: () => this.#policyEnded(policy),
      }),
    );
  }

  /** What a policy may subscribe to. When its time is over, its runs are left, whether or not it leaves them. */
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
    if (status.state === 'exited') {
      this.#remember(status.exit);
      // The resting status says it.
      if (this.#phase === 'ending') return;
    }
    this.#status.next(status);
    if (status.state === 'running') this.#release(status.generation);
  }

  /** Keeps the last exits; that of a recycled run is no status of its own. */
  #remember(exit: Exit): void {
    if (exit.generation <= this.#remembered) return;
    this.#remembered = exit.generation;
    this.#exits = [...this.#exits, exit].slice(-MAX_EXITS);
  }

  /** Comes to rest if the life is over. */
  #settle(): void {
    if (!this.#isSettling()) return;
    // Whoever hears of a loss may stop or start from there: it is still the end of this life.
    if (!this.#startAgain || this.#runs.survivor) this.#refuseInput();
    if (!this.#isSettling()) return;
    const failure = this.#runs.survivor ?? (this.#stopRequested ? undefined : this.#failure);
    this.#rest$.next(failure);
    if (!this.#isSettling()) return;
    this.#phase = 'resting';
    // Whoever is told may begin another life, and wait for that.
    const waiting = this.#waiting.splice(0);
    this.#tellRest(failure);
    for (const { resolve } of waiting) resolve();
    if (this.#startAgain) this.start();
  }

  /** Whether the life is over, but its rest not told yet. */
  #isSettling(): boolean {
    return this.#phase === 'ending' && this.#runs.isIdle;
  }

  #tellRest(error: SimpleIpcError | undefined): void {
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

  #refuseInput(): void {
    const { command } = this.#plan;
    this.#ports.input.refuse(
      () => new NotRunningError(command, 'is not running: nothing reads its input'),
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

/** Whether what was told last can stay: a program that has done its work is at rest. */
function isRest(state: WorkerStatus['state'], exit: Exit): boolean {
  return state === 'exited' && exit.reason === 'success';
}

function asSimpleIpcError(command: readonly string[], error: unknown): SimpleIpcError {
  if (error instanceof SimpleIpcError) return error;
  return new SimpleIpcError(command, `failed: ${messageOf(error)}`, { cause: error });
}
