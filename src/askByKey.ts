import {
  noop,
  Observable,
  Subject,
  Subscription,
  takeUntil,
  type OperatorFunction,
  type Subscriber,
} from 'rxjs';
import { END_FOLLOWS_MS, type AskLimits } from './askInTurn.js';
import { ExitError, InputClosedError, ReplyTimeoutError } from './errors.js';
import type { Sender } from './process/InputQueue.js';
import type { Exit } from './status.js';
import { internalsOf, type ReactiveWorker, type WorkerInternals } from './worker.js';

/** What finds the id of a request and of a reply; `undefined` if it has none. */
export type Key<Out, In> = (message: Out | In) => unknown;

/** A request under way. There may be 100,000 of them: nothing else is made for each. */
class Asked<Out, In> implements Sender {
  isUnderWay = false;
  /** Its index in the list of its source. */
  place = 0;
  /** How often it was asked. */
  asked = 0;
  cancelTimer = noop;
  failure: ExitError | undefined;

  constructor(
    readonly id: unknown,
    readonly request: In,
    readonly asking: Asking<Out, In>,
  ) {}

  lost(error: Error): void {
    this.asking.correspondence.lost(this, error);
  }
}

/**
 * The requests under way with one worker, by their id: one subscription to its output, and one look-up a
 * message, however many they are.
 */
class Correspondence<Out, In> {
  readonly #output$: Observable<Out>;
  readonly #worker: WorkerInternals<In>;
  readonly #key: Key<Out, In>;
  readonly #asked = new Map<unknown, Asked<Out, In>>();
  /** What waits for the worker to be running. */
  #unsent = new Set<Asked<Out, In>>();
  #listening = Subscription.EMPTY;

  constructor(worker: ReactiveWorker<Out, In>, key: Key<Out, In>) {
    this.#output$ = worker.output$;
    this.#worker = internalsOf(worker);
    this.#key = key;
  }

  /** Asks; its `asking` is told of the reply or the failure, unless `forget` comes first. */
  ask(asked: Asked<Out, In>): void {
    if (this.#asked.has(asked.id)) {
      const reason = `a request with the key ${String(asked.id)} is under way already`;
      asked.asking.failed(new TypeError(reason));
      return;
    }
    // What is replayed to a new subscriber is no reply: first listen, then wait for one.
    if (this.#asked.size === 0) this.#listen();
    this.#asked.set(asked.id, asked);
    asked.isUnderWay = true;
    this.#send(asked);
  }

  /** The id of a request. @throws TypeError if it has none: then it could have no reply. */
  idOf(request: In): unknown {
    const id = this.#key(request);
    if (id === undefined) throw new TypeError('a request must have a key, or it has no reply');
    return id;
  }

  /** Stops waiting for a reply. Says if there was none yet. */
  forget(asked: Asked<Out, In>): boolean {
    if (!asked.isUnderWay) return false;
    asked.isUnderWay = false;
    this.#asked.delete(asked.id);
    this.#unsent.delete(asked);
    asked.cancelTimer();
    if (this.#asked.size === 0) this.#listening.unsubscribe();
    return true;
  }

  #fail(asked: Asked<Out, In>, error: unknown): void {
    if (this.forget(asked)) asked.asking.failed(error);
  }

  #listen(): void {
    const { supervisor } = this.#worker;
    this.#listening = new Subscription();
    this.#listening.add(this.#output$.subscribe((reply) => this.#receive(reply)));
    this.#listening.add(supervisor.ended$.subscribe((exit) => this.#runEnded(exit)));
  }

  #receive(reply: Out): void {
    let id: unknown;
    try {
      id = this.#key(reply);
    } catch (error) {
      // As if each request had looked for its reply by itself.
      for (const asked of [...this.#asked.values()]) this.#fail(asked, error);
      return;
    }
    const asked = id === undefined ? undefined : this.#asked.get(id);
    if (asked && asked.asked > 0 && this.forget(asked)) asked.asking.replied(asked, reply);
  }

  #runEnded(exit: Exit): void {
    const failure = new ExitError(exit);
    for (const asked of [...this.#asked.values()]) {
      if (asked.asked === 0) continue;
      asked.failure = failure;
      if (asked.asked < asked.asking.limits.attempts) this.#send(asked);
      else this.#fail(asked, failure);
    }
  }

  #send(asked: Asked<Out, In>): void {
    if (!asked.isUnderWay) return;
    asked.cancelTimer();
    // Where some wait already, the next one waits behind them.
    const settled = this.#unsent.size > 0 || this.#worker.supervisor.settled();
    if (settled) {
      this.#unsent.add(asked);
      if (settled !== true) void settled.then(() => this.#sendUnsent());
      return;
    }
    asked.asked++;
    this.#startTimer(asked);
    this.#worker.input.push(asked.request, asked);
  }

  #sendUnsent(): void {
    const unsent = this.#unsent;
    this.#unsent = new Set();
    for (const asked of unsent) this.#send(asked);
  }

  #startTimer(asked: Asked<Out, In>): void {
    const { timeoutMs } = asked.asking.limits;
    if (timeoutMs === Infinity) return;
    const { clock, command } = this.#worker;
    asked.cancelTimer = clock.after(timeoutMs, () => {
      const reason = `did not reply within timeoutMs (${timeoutMs})`;
      this.#fail(asked, new ReplyTimeoutError(command, reason));
    });
  }

  /** It will not reach the program. */
  lost(asked: Asked<Out, In>, error: Error): void {
    const { timeoutMs, attempts } = asked.asking.limits;
    if (!(error instanceof InputClosedError) || asked.asked >= attempts) {
      this.#fail(asked, asked.failure ?? error);
      return;
    }
    // If that is why, the end of the run follows soon, and may ask again.
    asked.cancelTimer();
    asked.cancelTimer = this.#worker.clock.after(Math.min(timeoutMs, END_FOLLOWS_MS), () =>
      this.#fail(asked, error),
    );
  }
}

const correspondences = new WeakMap<object, WeakMap<object, unknown>>();

/** What asks the same worker by the same `key` shares one correspondence. */
function correspondenceOf<Out, In>(
  worker: ReactiveWorker<Out, In>,
  key: Key<Out, In>,
): Correspondence<Out, In> {
  const ofWorker = correspondences.get(worker) ?? new WeakMap<object, unknown>();
  correspondences.set(worker, ofWorker);
  const known = ofWorker.get(key) as Correspondence<Out, In> | undefined;
  const correspondence = known ?? new Correspondence(worker, key);
  ofWorker.set(key, correspondence);
  return correspondence;
}

/**
 * Sends the source's values as requests and emits the messages with the same ids, as they come. It is
 * `mergeMap`, but without an inner subscription a request: leaving one of 100,000 would search them all.
 */
export function askByKey<Out, In>(
  worker: ReactiveWorker<Out, In>,
  key: Key<Out, In>,
  limits: AskLimits,
  concurrency: number,
): OperatorFunction<In, Out> {
  internalsOf(worker); // Checks the argument now, not at the subscription.
  const correspondence = correspondenceOf(worker, key);
  return (source$) =>
    new Observable((subscriber) => {
      const asking = new Asking(correspondence, limits, concurrency, subscriber);
      const left$ = new Subject<void>();
      subscriber.add(() => {
        asking.leave();
        left$.next();
      });
      subscriber.add(
        // A source that emits all at once must end at once, too.
        source$.pipe(takeUntil(left$)).subscribe({
          next: (request) => asking.request(request),
          error: (error: unknown) => subscriber.error(error),
          complete: () => asking.complete(),
        }),
      );
    });
}

/** The requests of one source. */
class Asking<Out, In> {
  readonly #underWay: Asked<Out, In>[] = [];
  #waiting: In[] = [];
  #next = 0;
  #isComplete = false;

  constructor(
    readonly correspondence: Correspondence<Out, In>,
    readonly limits: AskLimits,
    private readonly concurrency: number,
    private readonly subscriber: Subscriber<Out>,
  ) {}

  request(request: In): void {
    const isNext = this.#next === this.#waiting.length;
    if (isNext && this.#underWay.length < this.concurrency) this.#ask(request);
    else this.#waiting.push(request);
  }

  complete(): void {
    this.#isComplete = true;
    this.#goOn();
  }

  replied(asked: Asked<Out, In>, reply: Out): void {
    // The last one takes its place.
    const last = this.#underWay.pop();
    if (last && last !== asked) {
      last.place = asked.place;
      this.#underWay[last.place] = last;
    }
    this.subscriber.next(reply);
    this.#goOn();
  }

  failed(error: unknown): void {
    this.subscriber.error(error);
  }

  leave(): void {
    this.#waiting = [];
    for (const asked of this.#underWay) this.correspondence.forget(asked);
  }

  #ask(request: In): void {
    let id: unknown;
    try {
      id = this.correspondence.idOf(request);
    } catch (error) {
      this.subscriber.error(error);
      return;
    }
    if (this.subscriber.closed) return;
    const asked = new Asked(id, request, this);
    asked.place = this.#underWay.push(asked) - 1;
    this.correspondence.ask(asked);
  }

  #goOn(): void {
    while (this.#underWay.length < this.concurrency && this.#next < this.#waiting.length) {
      this.#ask(this.#waiting[this.#next++] as In);
    }
    // What was asked is let go of when it is the greater part: that takes constant time a request.
    if (this.#next > 0 && 2 * this.#next >= this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#next);
      this.#next = 0;
    }
    if (this.#isComplete && this.#underWay.length === 0) this.subscriber.complete();
  }
}
