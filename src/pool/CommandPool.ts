import { Observable, Subscription } from 'rxjs';
import { atLeastOne, integer, type Check } from '../contract/check.js';
import { nameOf, parseCommand, type Command } from '../contract/command.js';
import {
  ExitError,
  InputClosedError,
  NotRunningError,
  type CommandWords,
} from '../contract/errors.js';
import { internalsOf } from '../contract/internals.js';
import { checkOptions, fields, type Checks } from '../contract/options.js';
import type { Pool, PoolStatus } from '../contract/Pool.js';
import type { ReactiveWorker } from '../contract/ReactiveWorker.js';
import { createStatus, type StatusSubject } from '../contract/StatusSubject.js';
import { askTargets, type LocalTarget } from '../exchange/AskTarget.js';
import { RequestTracer } from '../contract/RequestTracer.js';
import { channels } from '../run/channels.js';
import { askByReply } from '../exchange/planRequests.js';
import type { ReplyPlan } from '../exchange/ReplyRequest.js';
import { requestsOf } from '../exchange/Requests.js';
import type { LineInput } from '../framing/lines.js';
import { withCodec } from '../run/RunOptions.js';
import { LinkedQueue } from '../rx/LinkedQueue.js';
import { runGuarded } from '../rx/runGuarded.js';
import { soon } from '../rx/soon.js';
import { restartOnExit } from '../supervision/restartOnExit.js';
import { createWorker, WORKER_CHECKS, type WorkerOptions } from '../worker/createWorker.js';
import { RECYCLE_CHECKS, Recycling, type RecycleOptions } from './Recycling.js';

/** Options of {@link createPool}: those of its workers, and how many they are. */
export interface PoolOptions<Out = string, In = LineInput> extends Omit<
  WorkerOptions<Out, In>,
  'start' | 'replay'
> {
  /** How many programs run side by side, 1 or more. */
  readonly size: number;
  /**
   * The restart policy, as for a worker; it is applied to each. With `shared` its limit is that of the whole pool, so that a
   * broken program is not restarted `size` times faster. A worker past it has failed; the pool goes on with the
   * others, and `worker.start()` brings it back. @defaultValue `restartOnExit({ when: 'always', shared: true })`
   */
  readonly supervise?: NonNullable<WorkerOptions<Out, In>['supervise']>;
  /** When a worker's run is replaced by the next, between two requests; one worker at a time. @defaultValue never */
  readonly recycle?: RecycleOptions;
}

const size: Check = (name, value) => {
  integer(name, value);
  atLeastOne(name, value);
};

const { start, replay, ...checks } = WORKER_CHECKS;

const POOL_CHECKS = {
  size,
  ...checks,
  recycle: fields(RECYCLE_CHECKS),
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

/** Supervised workers that share requests: each has one at a time, and the longest idle gets the next. */
export class CommandPool<Out, In> implements Pool<Out, In>, LocalTarget<Out, In> {
  readonly isRemote = false;
  readonly size: number;
  readonly tracer: RequestTracer;
  readonly workers: readonly ReactiveWorker<Out, In>[];
  readonly status$: StatusSubject<PoolStatus>;
  readonly #status;
  readonly #members: readonly Member<Out, In>[];
  readonly #command: CommandWords;
  readonly #recycling: Recycling;
  /** Those that are ready, the longest idle first. */
  #idle: Member<Out, In>[] = [];
  readonly #waiting = new LinkedQueue<Waiting<Out, In>>();
  /** The last status emitted, even if not all subscribers have it yet. */
  #last: PoolStatus;
  #isDispatching = false;
  #drained: (() => void) | undefined;
  #draining: Promise<void> | undefined;

  constructor(command: Command, poolOptions: PoolOptions<Out, In>) {
    this.#command = parseCommand(command);
    const given: unknown = poolOptions;
    checkOptions('createPool', given ?? null, POOL_CHECKS);
    const {
      size: count,
      supervise = restartOnExit({ when: 'always', shared: true }),
      recycle,
      ...options
    } = poolOptions;
    size('createPool: size', count);
    this.size = count;
    const { name = nameOf(this.#command) } = options;
    this.tracer = new RequestTracer(channels.exchange, name, this.#command);
    this.#recycling = new Recycling(recycle);
    this.#members = Array.from({ length: count }, () => ({
      worker: createWorker(command, { ...withCodec(options), start: false, supervise }),
      isBusy: false,
      isAtRest: false,
      failure: undefined,
    }));
    this.workers = this.#members.map(({ worker }) => worker);
    askTargets.set(this, this);
    this.#last = this.#count();
    this.#status = createStatus(this.#last);
    this.status$ = this.#status.status$;
    for (const member of this.#members) this.#start(member);
  }

  ask<Reply>(request: In, plan: ReplyPlan<Out, In, Reply>): Observable<Reply> {
    const once = { ...plan, limits: { ...plan.limits, attempts: 1 } };
    return new Observable((subscriber) => {
      let attempts = 0;
      const fail = (error: unknown): void => runGuarded(() => subscriber.error(error));
      const ask = (): void => {
        attempts++;
        // Without a worker left the request is not repeated.
        subscriber.add(this.#whenIdle(begin, fail));
      };
      const begin = (worker: ReactiveWorker<Out, In>): void => {
        subscriber.add(
          askByReply(requestsOf(worker), once, request).subscribe({
            next: (value) => subscriber.next(value),
            error: (error: unknown) => {
              const runEnded = error instanceof ExitError || error instanceof InputClosedError;
              if (runEnded && attempts < plan.limits.attempts) ask();
              else fail(error);
            },
            complete: () => subscriber.complete(),
          }),
        );
      };
      if (this.#draining) {
        const error = new NotRunningError(this.#command, 'is being stopped with its pool');
        soon(() => fail(error));
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
    this.#status.complete();
  }

  async #drain(): Promise<void> {
    // A request that has just failed may be repeated by its caller.
    while (!this.#isDrained) await new Promise<void>((resolve) => (this.#drained = resolve));
  }

  get #isDrained(): boolean {
    return this.#waiting.length === 0 && this.#members.every(({ isBusy }) => !isBusy);
  }

  #start(member: Member<Out, In>): void {
    const { worker } = member;
    const { statusChanges$, supervisor } = internalsOf(worker);
    this.#recycling.watch(worker, () => !member.isBusy);
    statusChanges$.subscribe(() => this.#update(member));
    supervisor.rest$.subscribe((failure) => {
      member.isAtRest = true;
      member.failure = failure;
      this.#update(member);
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
  #update(member: Member<Out, In>): void {
    const { state } = member.worker.status$.value;
    if (state === 'starting') member.isAtRest = false;
    // A program that no longer reads may not have been seen to exit yet.
    const isReady = state === 'running' && internalsOf(member.worker).input.isOpen;
    this.#idle = this.#idle.filter((other) => other !== member || isReady);
    if (isReady && !member.isBusy && !this.#idle.includes(member)) this.#idle.push(member);
    this.#dispatch();
  }

  /** Calls `begin` when a member is idle. Unsubscribing gives up waiting. */
  #whenIdle(begin: Waiting<Out, In>['begin'], fail: Waiting<Out, In>['fail']): Subscription {
    const leave = this.#waiting.push({ begin, fail });
    this.#dispatch();
    return new Subscription(() => {
      leave();
      this.#dispatch();
    });
  }

  #assign(member: Member<Out, In>, { begin }: Waiting<Out, In>): void {
    const { worker } = member;
    const { mutex } = internalsOf(worker);
    member.isBusy = true;
    begin(worker);
    // The next turn comes when the reply is complete, or its run ended, even if the subscriber has left.
    mutex.acquire(() => {
      mutex.release();
      member.isBusy = false;
      this.#recycling.requestEnded(worker);
      this.#update(member);
    });
  }

  get #failure(): Error {
    const failed = this.#members.find(({ failure }) => failure);
    return failed?.failure ?? new NotRunningError(this.#command, 'has no worker left in its pool');
  }

  /** A loop, not a recursion: ten thousand requests may fail at once. */
  #dispatch(): void {
    if (this.#isDispatching) return;
    this.#isDispatching = true;
    while (this.#waiting.length > 0 && this.#idle.length > 0) {
      const member = this.#idle.shift();
      const waiting = this.#waiting.shift();
      if (member && waiting) this.#assign(member, waiting);
    }
    while (this.#waiting.length > 0 && this.#members.every(({ isAtRest }) => isAtRest)) {
      const waiting = this.#waiting.shift();
      const failure = this.#failure;
      // Never from inside of the call that asks: a `retry()` without a delay would not end.
      soon(() => waiting?.fail(failure));
    }
    this.#isDispatching = false;
    if (this.#isDrained) this.#drained?.();
    this.#emit(this.#count());
  }

  #emit(status: PoolStatus): void {
    const last = this.#last;
    const names = Object.keys(status) as (keyof PoolStatus)[];
    if (names.every((name) => status[name] === last[name])) return;
    this.#last = status;
    this.#status.next(status);
  }
}
