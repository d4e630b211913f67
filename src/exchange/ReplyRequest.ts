import { defer, filter, Subscription, type Observable, type Subscriber } from 'rxjs';
import { ReplyTimeoutError } from '../contract/errors.js';
import type { RequestLimits } from '../contract/RequestLimits.js';
import { runGuarded } from '../rx/runGuarded.js';
import { soon } from '../rx/soon.js';
import { PendingRequest } from './PendingRequest.js';
import type { Requests } from './Requests.js';

/** How a reply is read, and its limits. */
export interface ReplyPlan<Out, In, Reply> {
  readonly reply: (output$: Observable<Out>, request: In) => Observable<Reply>;
  /** One request at a time, because replies are known by their order alone. */
  readonly inTurn: boolean;
  readonly limits: RequestLimits;
  /** See {@link PendingRequest.isProbe}. @defaultValue false */
  readonly isProbe?: boolean;
}

/** `reply` failed after the request was written: where the reply ends is not known. */
class ReplyFailure {
  constructor(readonly cause: unknown) {}
}

/**
 * A request whose reply is what an operator makes of the output. In turn it keeps its turn until the reply is complete
 * or the run has ended, even if its subscriber has left: the next one would get the rest.
 */
export class ReplyRequest<Out, In, Reply> extends PendingRequest<Out, In> {
  readonly #reply$: Observable<Reply>;
  #reading = Subscription.EMPTY;
  #isPushed = false;
  #isComplete = false;
  #hasTurn = false;
  #leaveQueue: (() => void) | undefined;

  constructor(
    override readonly requests: Requests<Out, In>,
    value: In,
    private readonly plan: ReplyPlan<Out, In, Reply>,
    private readonly subscriber: Subscriber<Reply>,
  ) {
    super(requests, value, plan.limits);
    const output$ = requests.replies.values$.pipe(filter(() => this.isAnswerable));
    this.#reply$ = defer(() => plan.reply(output$, value));
  }

  override get isProbe(): boolean {
    return this.plan.isProbe === true;
  }

  override get isWanted(): boolean {
    return !this.subscriber.closed;
  }

  /** Begins it, in its turn. */
  begin(): void {
    const { requests } = this;
    if (!this.plan.inTurn) {
      requests.add(this);
      return;
    }
    this.#leaveQueue = requests.worker.mutex.acquire(() => {
      this.#hasTurn = true;
      requests.beginTurn(this);
      requests.add(this);
    });
  }

  /** The subscriber has left. */
  leave(): void {
    this.#leaveQueue?.();
    const keepsTurn = this.plan.inTurn && !this.requests.isUnsent(this);
    if (keepsTurn || !this.requests.remove(this)) return;
    this.abandonAttempt();
    this.#endTurn();
  }

  override beginAttempt(): void {
    this.#isPushed = this.#isComplete = false;
    this.#reading = new Subscription();
    this.#reading.add(
      this.#reply$.subscribe({
        next: (value) => {
          this.activeAt = this.requests.worker.clock.now();
          this.subscriber.next(value);
        },
        error: (error: unknown) =>
          this.requests.fail(this, this.#isPushed ? new ReplyFailure(error) : error),
        complete: () => {
          this.#isComplete = true;
          if (this.#isPushed && this.requests.complete(this)) this.#succeed();
        },
      }),
    );
  }

  override pushed(): void {
    this.#isPushed = true;
    if (this.#isComplete) void this.#completeWhenWritten();
  }

  override abandonAttempt(): void {
    runGuarded(() => this.#reading.unsubscribe());
  }

  override fail(error: unknown): void {
    this.abandonAttempt();
    this.#endTurn(error);
    runGuarded(() => this.subscriber.error(error instanceof ReplyFailure ? error.cause : error));
  }

  /** A request without a reply is complete when it is written; in a later turn, or a `repeat()` would starve others. */
  async #completeWhenWritten(): Promise<void> {
    const { input } = this.requests.worker;
    const attempt = this.attempts;
    await input.flushed();
    soon(() => {
      const isWritten = !this.lostBy && this.attempts === attempt;
      if (isWritten && this.requests.completeSilently(this)) this.#succeed();
    });
  }

  #succeed(): void {
    this.abandonAttempt();
    this.#endTurn();
    runGuarded(() => this.subscriber.complete());
  }

  #endTurn(error?: unknown): void {
    if (!this.#hasTurn) return;
    this.#hasTurn = false;
    // The rest of the reply may still come: only the end of the run keeps it from the next request.
    const isLate = error instanceof ReplyTimeoutError || error instanceof ReplyFailure;
    if (isLate) this.requests.endRun(error instanceof ReplyFailure ? error.cause : error);
    this.requests.worker.mutex.release();
  }
}
