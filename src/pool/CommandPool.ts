import { BehaviorSubject, distinctUntilChanged, Observable, Subscription } from 'rxjs';
import { exchangeInTurn, EXIT_GRACE_MS, type RequestLimits } from '../exchange/exchangeInTurn.js';
import { parseCommand, type Command } from '../contract/command.js';
import {
  ExitError,
  InputClosedError,
  NotRunningError,
  type CommandWords,
} from '../contract/errors.js';
import type { LineInput } from '../framing/lines.js';
import { restartWithin } from '../supervision/restartOnExit.js';
import {
  planRestarts,
  RESTART_CHECKS,
  RestartBudget,
  type RestartPolicy,
} from '../supervision/RestartPolicy.js';
import { atLeastOne, integer, type Check } from '../contract/check.js';
import { checkOptions, fields, type Checks } from '../contract/options.js';
import type { Pool, PoolStatus } from '../contract/Pool.js';
import { poolTargets, type PoolTarget } from '../exchange/PoolTarget.js';
import { serialize } from '../rx/serialize.js';
import { withCodec } from '../run/RunOptions.js';
import { runGuarded } from '../rx/runGuarded.js';
import { LinkedQueue } from '../rx/LinkedQueue.js';
import { createWorker, WORKER_CHECKS, type WorkerOptions } from '../worker/createWorker.js';
import { internalsOf } from '../contract/internals.js';
import { type ReactiveWorker } from '../contract/ReactiveWorker.js';

/** Options of {@link createPool}: those of its workers, and how many they are. */
export interface PoolOptions<Out = string, In = LineInput> extends Omit<
  WorkerOptions<Out, In>,
  'start' | 'supervise' | 'replay'
> {
  /** How many programs run side by side, 1 or more. */
  readonly size: number;
  /**
   * How they are restarted. The limit (`maxRestarts` within `withinMs`) is that of the whole pool, so that a
   * broken program is not restarted `size` times faster. A worker whose exit is past it has failed; the pool
   * goes on with the others, and `worker.start()` brings it back. @defaultValue `{ when: 'always' }`
   */
  readonly restart?: RestartPolicy;
}

const size: Check = (name, value) => {
  integer(name, value);
  atLeastOne(name, value);
};

const { start, supervise, replay, ...checks } = WORKER_CHECKS;

const POOL_CHECKS = {
  size,
  ...checks,
  restart: fields(RESTART_CHECKS),
} satisfies Checks<PoolOptions>;

/** One worker, and what the pool knows of it. */
interface Member<Out, In> {
  readonly worker: ReactiveWorker<Out, In>;
  isBusy: boolean;
  isAtRest: boolean;
  /** Why it came to rest, if it failed. */
  failure: Error | undefined;
}

/** A request that waits for an idle worker. */
interface Waiting<Out, In> {
  readonly begin: (worker: ReactiveWorker<Out, In>) => void;
  readonly fail: (error: unknown) => void;
}

/** A pool, as `exchange` sees it. */
export class CommandPool<Out, In> implements Pool<Out, In>, PoolTarget<Out, In> {
  readonly workers: readonly ReactiveWorker<Out, In>[];
  readonly status$: Observable<PoolStatus>;
  readonly size: number;
  readonly #status$: BehaviorSubject<PoolStatus>;
  readonly #members: readonly Member<Out, In>[];
  readonly #command: CommandWords;
  readonly #tell = serialize((status: PoolStatus) => this.#status$.next(status));
  /** Those that are ready, the longest idle first. */
  #idle: Member<Out, In>[] = [];
  readonly #waiting = new LinkedQueue<Waiting<Out, In>>();
  #isServing = false;
  #drained: (() => void) | undefined;
  #draining: Promise<void> | undefined;

  constructor(command: Command, poolOptions: PoolOptions<Out, In>) {
    this.#command = parseCommand(command);
    const given: unknown = poolOptions;
    checkOptions('createPool', given ?? null, POOL_CHECKS);
    const { size: count, restart, ...options } = poolOptions;
    size('createPool: size', count);
    this.size = count;
    const plan = planRestarts({ when: 'always', ...restart });
    const budget = new RestartBudget(plan);
    const supervise = restartWithin(plan, () => budget);
    this.#members = Array.from({ length: count }, () => {
      const worker = createWorker(command, { ...withCodec(options), start: false, supervise });
      return { worker, isBusy: false, isAtRest: false, failure: undefined };
    });
    this.workers = this.#members.map(({ worker }) => worker);
    poolTargets.set(this, this);
    this.#status$ = new BehaviorSubject(this.#count());
    this.status$ = this.#status$.pipe(distinctUntilChanged(isSame));
    for (const member of this.#members) this.#start(member);
  }

  /** What `exchange` does with a request. */
  ask<Reply>(
    reply: (output$: Observable<Out>, request: In) => Observable<Reply>,
    { timeoutMs, attempts }: RequestLimits,
  ): (request: In) => Observable<Reply> {
    return (request) =>
      new Observable((subscriber) => {
        let times = 0;
        const ask = (): void => {
          times++;
          // Why there is no worker left is no reason to ask again.
          subscriber.add(
            this.#whenIdle(begin, (error) => runGuarded(() => subscriber.error(error))),
          );
        };
        const begin = (worker: ReactiveWorker<Out, In>): void => {
          const askOnce = exchangeInTurn(worker, reply, { timeoutMs, attempts: 1 }, true);
          subscriber.add(
            askOnce(request).subscribe({
              next: (value) => subscriber.next(value),
              error: fail,
              complete: () => subscriber.complete(),
            }),
          );
        };
        const fail = (error: unknown): void => {
          const runEnded = error instanceof ExitError || error instanceof InputClosedError;
          if (runEnded && times < attempts) ask();
          else subscriber.error(error);
        };
        if (this.#draining) {
          subscriber.error(new NotRunningError(this.#command, 'is being stopped with its pool'));
        } else {
          ask();
        }
      });
  }

  async stop(): Promise<void> {
    await (this.#draining ??= this.#drain());
    await Promise.all(this.workers.map((worker) => worker.stop()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await Promise.all(this.workers.map((worker) => worker[Symbol.asyncDispose]()));
    runGuarded(() => this.#status$.complete());
  }

  async #drain(): Promise<void> {
    // What has just failed may be asked again.
    while (!this.#isDrained) await new Promise<void>((resolve) => (this.#drained = resolve));
  }

  get #isDrained(): boolean {
    return this.#waiting.length === 0 && this.#members.every(({ isBusy }) => !isBusy);
  }

  #start(member: Member<Out, In>): void {
    const { worker } = member;
    const { statusChanges$, supervisor } = internalsOf(worker);
    statusChanges$.subscribe(() => this.#follow(member));
    supervisor.rest$.subscribe((failure) => {
      member.isAtRest = true;
      member.failure = failure;
      this.#follow(member);
    });
    worker.start();
  }

  #count(): PoolStatus {
    const busy = this.#members.filter(({ isBusy }) => isBusy).length;
    const resting = this.#members.filter(({ isBusy, isAtRest }) => isAtRest && !isBusy).length;
    const idle = this.#idle.length;
    const starting = this.#members.length - busy - resting - idle;
    return { idle, busy, starting, resting, waiting: this.#waiting.length };
  }

  /** Finds out whether a member is idle, after it has changed. */
  #follow(member: Member<Out, In>): void {
    const { state } = member.worker.status$.value;
    if (state === 'starting') member.isAtRest = false;
    // A program that no longer reads may not have been seen to exit yet.
    const isReady = state === 'running' && internalsOf(member.worker).input.isOpen;
    this.#idle = this.#idle.filter((other) => other !== member || isReady);
    if (isReady && !member.isBusy && !this.#idle.includes(member)) this.#idle.push(member);
    this.#serve();
  }

  /** Calls `begin` when a member is idle. Unsubscribing gives up waiting. */
  #whenIdle(begin: Waiting<Out, In>['begin'], fail: Waiting<Out, In>['fail']): Subscription {
    const giveUp = this.#waiting.push({ begin, fail });
    this.#serve();
    return new Subscription(() => {
      giveUp();
      this.#serve();
    });
  }

  #occupy(member: Member<Out, In>, { begin }: Waiting<Out, In>): void {
    const { mutex } = internalsOf(member.worker);
    member.isBusy = true;
    begin(member.worker);
    // The next turn comes when the reply is complete, or its run ended, even if whoever asked has left.
    mutex.acquire(() => {
      mutex.release();
      member.isBusy = false;
      if (isStdinClosed(member.worker)) this.#replace(member.worker);
      this.#follow(member);
    });
  }

  /** If the end of its program is why nothing reads, that follows; otherwise it is of no use any more. */
  #replace(worker: ReactiveWorker<Out, In>): void {
    const { clock, statusChanges$ } = internalsOf(worker);
    const waiting = new Subscription();
    waiting.add(statusChanges$.subscribe(() => waiting.unsubscribe()));
    waiting.add(
      clock.after(EXIT_GRACE_MS, () => {
        waiting.unsubscribe();
        void worker.restart();
      }),
    );
  }

  get #failure(): Error {
    const failed = this.#members.find(({ failure }) => failure);
    return failed?.failure ?? new NotRunningError(this.#command, 'has no worker left in its pool');
  }

  /** One after another, not one inside of another: ten thousand requests may fail at once. */
  #serve(): void {
    if (this.#isServing) return;
    this.#isServing = true;
    while (this.#waiting.length > 0 && this.#idle.length > 0) {
      const member = this.#idle.shift();
      const waiting = this.#waiting.shift();
      if (member && waiting) this.#occupy(member, waiting);
    }
    while (this.#waiting.length > 0 && this.#members.every(({ isAtRest }) => isAtRest)) {
      this.#waiting.shift()?.fail(this.#failure);
    }
    this.#isServing = false;
    if (this.#isDrained) this.#drained?.();
    this.#tell(this.#count());
  }
}

/** Whether its program runs, but has closed its stdin. */
function isStdinClosed<Out, In>(worker: ReactiveWorker<Out, In>): boolean {
  return worker.status$.value.state === 'running' && internalsOf(worker).input.isStdinClosed;
}

function isSame(one: PoolStatus, other: PoolStatus): boolean {
  return (Object.keys(one) as (keyof PoolStatus)[]).every((name) => one[name] === other[name]);
}
