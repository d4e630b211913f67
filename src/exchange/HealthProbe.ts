import { catchError, NEVER, noop, Subscription, type Observable } from 'rxjs';
import { atLeastOne, callable, type Check } from '../contract/check.js';
import { messageOf, ReplyTimeoutError, UnhealthyError } from '../contract/errors.js';
import { fields, type Checks } from '../contract/options.js';
import { soon } from '../rx/soon.js';
import { askByKey, askByReply } from './planRequests.js';
import type { Requests } from './Requests.js';

/** A request that the program of a worker has to answer now and then, or its run is ended. */
export interface HealthOptions<Out, In> {
  /** What is asked: something that costs the program next to nothing. */
  readonly request: In;
  /**
   * The answer, in turn: an operator on the output that follows the request, as that of `ask`. The probe waits for its
   * turn, which counts for nothing, and keeps it until it is answered. If it errors the program is unhealthy at once.
   * @defaultValue none: `key` is given
   */
  readonly reply?: (output$: Observable<Out>, request: In) => Observable<unknown>;
  /** The answer by its id, as for `ask`. No other request may have the id of the probe. @defaultValue none: `reply` is given */
  readonly key?: (message: Out | In) => unknown;
  /** How long the program may answer no request before it is probed, in milliseconds. @defaultValue 10,000 */
  readonly everyMs?: number;
  /** How long the answer may take, in milliseconds; then the probe has failed. @defaultValue 5,000 */
  readonly timeoutMs?: number;
  /**
   * How many probes in a row may fail before the run is ended. The next follows a failed one at once; in turn, where a
   * late answer could not be told from the next, the same one counts again. @defaultValue 3
   */
  readonly failures?: number;
}

const any: Check = noop;

const known = fields({
  request: any,
  reply: callable,
  key: callable,
  everyMs: atLeastOne,
  timeoutMs: atLeastOne,
  failures: atLeastOne,
} satisfies Checks<HealthOptions<unknown, unknown>>);

/** Checks {@link HealthOptions}. */
export const healthOptions: Check = (name, value) => {
  known(name, value);
  const { request, reply, key } = value as Partial<HealthOptions<unknown, unknown>>;
  if (request === undefined) throw new TypeError(`${name}.request must be given`);
  if ((reply === undefined) === (key === undefined)) {
    throw new TypeError(`${name} must have reply or key, one of them`);
  }
};

/**
 * Asks the program of a worker whether it is well, while it runs and has answered nobody for `everyMs`, and ends the run
 * with an {@link UnhealthyError} when it does not answer.
 */
export class HealthProbe<Out, In> {
  readonly #requests: Requests<Out, In>;
  readonly #options: HealthOptions<Out, In>;
  readonly #everyMs: number;
  readonly #timeoutMs: number;
  readonly #maxFailures: number;
  /** The probe under way, and how many have failed in a row. */
  #probe = Subscription.EMPTY;
  #failures = 0;
  /** The replies of the run when it was looked at last. */
  #answered = 0;
  #cancelTimer = noop;

  constructor(requests: Requests<Out, In>, options: HealthOptions<Out, In>) {
    const { everyMs = 10_000, timeoutMs = 5_000, failures = 3 } = options;
    this.#requests = requests;
    this.#options = options;
    this.#everyMs = everyMs;
    this.#timeoutMs = timeoutMs;
    this.#maxFailures = failures;
  }

  /** Watches every run of the worker. */
  start(): void {
    this.#requests.worker.statusChanges$.subscribe(({ state }) => {
      this.#cancelTimer();
      this.#probe.unsubscribe();
      this.#failures = 0;
      if (state === 'running') this.#rest();
    });
  }

  #rest(): void {
    this.#answered = this.#requests.answered;
    this.#after(this.#everyMs, () => {
      // Another request has shown that the program is well.
      if (this.#requests.answered === this.#answered) this.#ask();
      else this.#rest();
    });
  }

  #ask(): void {
    const probe = new Subscription();
    this.#probe = probe;
    probe.add(
      this.#probe$(probe).subscribe({
        error: (error: unknown) => this.#failed(error),
        complete: () => {
          this.#cancelTimer();
          this.#failures = 0;
          this.#rest();
        },
      }),
    );
  }

  #probe$(probe: Subscription): Observable<unknown> {
    const { request, reply, key } = this.#options;
    const limits = { timeoutMs: Infinity, idleTimeoutMs: Infinity, attempts: 1 };
    if (key) {
      const timed = { ...limits, timeoutMs: this.#timeoutMs };
      const plan = { key, maxTimeouts: Infinity, limits: timed, isProbe: true };
      return askByKey(this.#requests, plan, request);
    }
    const watched = (output$: Observable<Out>): Observable<unknown> => {
      this.#count();
      const answer$ = reply?.(output$, request) ?? NEVER;
      return answer$.pipe(
        catchError((error: unknown) => {
          // Never from inside of the call that asks.
          soon(() => {
            if (!probe.closed) this.#endRun(`failed its health check: ${messageOf(error)}`, error);
          });
          return NEVER;
        }),
      );
    };
    return askByReply(
      this.#requests,
      { reply: watched, inTurn: true, limits, isProbe: true },
      request,
    );
  }

  /** The probe is being written, in its turn: from now on it counts. */
  #count(): void {
    this.#after(this.#timeoutMs, () => {
      if (++this.#failures >= this.#maxFailures) this.#unanswered();
      else this.#count();
    });
  }

  /** A probe by key was not answered in time, or could not be asked. */
  #failed(error: unknown): void {
    const isLate = error instanceof ReplyTimeoutError;
    const isLast = ++this.#failures >= this.#maxFailures;
    if (isLast && isLate) this.#unanswered();
    else if (isLast) this.#endRun(`cannot be asked how it is: ${messageOf(error)}`, error);
    else if (isLate) this.#ask();
    else this.#after(this.#everyMs, () => this.#ask());
  }

  #unanswered(): void {
    const limit = `failures (${this.#maxFailures}) times timeoutMs (${this.#timeoutMs})`;
    this.#endRun(`did not answer its health check within ${limit}${this.#requests.hint}`);
  }

  #endRun(reason: string, cause?: unknown): void {
    const { command, supervisor } = this.#requests.worker;
    supervisor.endRun(new UnhealthyError(command, reason, { cause }));
  }

  #after(ms: number, then: () => void): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#requests.worker.clock.after(ms, then);
  }
}
