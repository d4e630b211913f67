import { noop, Subscription, type Observable } from 'rxjs';
import { EXIT_GRACE_MS, type RequestLimits } from './exchangeInTurn.js';
import { ExitError, InputClosedError, ReplyTimeoutError } from '../contract/errors.js';
import type { Sender } from '../contract/Input.js';
import type { Exit } from '../contract/exit.js';
import { internalsOf, type WorkerInternals } from '../contract/internals.js';
import { type ReactiveWorker } from '../contract/ReactiveWorker.js';

/** What finds the id of a request and of a reply; `undefined` if it has none. */
export type Key<Out, In> = (message: Out | In) => unknown;

/** Who asks, and is told what comes of it. */
export interface Asker<Out, In> {
  readonly correspondence: Correspondence<Out, In>;
  readonly limits: RequestLimits;
  replied(asked: Asked<Out, In>, reply: Out): void;
  failed(error: unknown): void;
}

/** A request. There may be 100,000 of them: nothing else is made for each. */
export class Asked<Out, In> implements Sender {
  isUnderWay = false;
  /** Its index in the list of its source. */
  place = 0;
  /** How often it was asked. */
  times = 0;
  cancelTimer = noop;
  failure: ExitError | undefined;

  constructor(
    readonly id: unknown,
    readonly request: In,
    readonly asker: Asker<Out, In>,
  ) {}

  lost(error: Error): void {
    this.asker.correspondence.lost(this, error);
  }
}

/**
 * The requests under way with one worker, by their id: one subscription to its output, and one look-up a
 * message, however many they are.
 */
export class Correspondence<Out, In> {
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

  /** Asks; its `asker` is told of the reply or the failure, unless `forget` comes first. */
  ask(asked: Asked<Out, In>): void {
    if (this.#asked.has(asked.id)) {
      const reason = `a request with the key ${String(asked.id)} is under way already`;
      asked.asker.failed(new TypeError(reason));
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
    if (this.forget(asked)) asked.asker.failed(error);
  }

  #listen(): void {
    const { supervisor } = this.#worker;
    this.#listening = new Subscription();
    this.#listening.add(this.#output$.subscribe((reply) => this.#receive(reply)));
    this.#listening.add(supervisor.ended$.subscribe((exit) => this.#runEnded(exit)));
    this.#listening.add(supervisor.rest$.subscribe((error) => this.#restBegan(error)));
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
    if (asked && asked.times > 0 && this.forget(asked)) asked.asker.replied(asked, reply);
  }

  #runEnded(exit: Exit): void {
    const failure = new ExitError(exit);
    for (const asked of [...this.#asked.values()]) {
      if (asked.times === 0) continue;
      asked.failure = failure;
      if (asked.times < asked.asker.limits.attempts) this.#send(asked);
      else this.#fail(asked, failure);
    }
  }

  /** What survived SIGKILL has not ended. What was not sent is rejected now. */
  #restBegan(error: unknown): void {
    for (const asked of [...this.#asked.values()]) {
      if (asked.times > 0 && !this.#unsent.has(asked)) this.#fail(asked, error);
    }
  }

  #send(asked: Asked<Out, In>): void {
    if (!asked.isUnderWay) return;
    asked.cancelTimer();
    // Where some wait already, the next one waits behind them.
    const settled = this.#unsent.size > 0 || this.#worker.supervisor.writable();
    if (settled) {
      this.#unsent.add(asked);
      if (settled !== true) void settled.then(() => this.#sendUnsent());
      return;
    }
    asked.times++;
    this.#startTimer(asked);
    this.#worker.input.push(asked.request, asked);
  }

  #sendUnsent(): void {
    const unsent = this.#unsent;
    this.#unsent = new Set();
    for (const asked of unsent) this.#send(asked);
  }

  #startTimer(asked: Asked<Out, In>): void {
    const { timeoutMs } = asked.asker.limits;
    if (timeoutMs === Infinity) return;
    const { clock, command } = this.#worker;
    asked.cancelTimer = clock.after(timeoutMs, () => {
      const reason = `did not reply within timeoutMs (${timeoutMs})`;
      this.#fail(asked, new ReplyTimeoutError(command, reason));
    });
  }

  /** It will not reach the program. */
  lost(asked: Asked<Out, In>, error: Error): void {
    const { timeoutMs, attempts } = asked.asker.limits;
    if (!(error instanceof InputClosedError) || asked.times >= attempts) {
      this.#fail(asked, asked.failure ?? error);
      return;
    }
    // If the end of its run is why, that follows, and may ask again.
    const { clock, input } = this.#worker;
    const fail = (): void => this.#fail(asked, error);
    asked.cancelTimer();
    asked.cancelTimer = clock.after(Math.min(timeoutMs, EXIT_GRACE_MS), () => {
      if (timeoutMs <= EXIT_GRACE_MS || input.isStdinClosed) fail();
      else asked.cancelTimer = clock.after(timeoutMs - EXIT_GRACE_MS, fail);
    });
  }
}

const correspondences = new WeakMap<object, WeakMap<object, unknown>>();

/** What asks the same worker by the same `key` shares one correspondence. */
export function correspondenceOf<Out, In>(
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
