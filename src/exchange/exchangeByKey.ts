import { Observable, Subject, takeUntil, type OperatorFunction, type Subscriber } from 'rxjs';
import { runGuarded } from '../rx/runGuarded.js';
import { soon } from '../rx/soon.js';
import { KeyedRequest, type KeyPlan, type ReplyReceiver } from './KeyedRequest.js';
import { TracedRequest } from './traceRequests.js';
import type { Requests } from './Requests.js';

/**
 * `mergeMap` over requests by key, without an inner subscription for each: RxJS takes linear time to remove one
 * of 100,000.
 */
export function exchangeByKey<Out, In>(
  requests: Requests<Out, In>,
  plan: KeyPlan<Out, In>,
  concurrency: number,
): OperatorFunction<In, Out> {
  return (source$) =>
    new Observable((subscriber) => {
      const left$ = new Subject<void>();
      const merge = new KeyedMerge(requests, plan, concurrency, subscriber, left$);
      subscriber.add(() => {
        merge.leave();
        left$.next();
      });
      subscriber.add(
        // `takeUntil` stops a source that emits without end in one call.
        source$.pipe(takeUntil(left$)).subscribe({
          next: (request) => merge.next(request),
          error: (error: unknown) => subscriber.error(error),
          complete: () => merge.complete(),
        }),
      );
    });
}

/** The requests of one source. */
class KeyedMerge<Out, In> implements ReplyReceiver<Out, In> {
  readonly #underWay: KeyedRequest<Out, In>[] = [];
  #buffer: (In | TracedRequest<In>)[] = [];
  #next = 0;
  #isComplete = false;
  #isFailing = false;

  constructor(
    private readonly requests: Requests<Out, In>,
    private readonly plan: KeyPlan<Out, In>,
    private readonly concurrency: number,
    private readonly subscriber: Subscriber<Out>,
    private readonly left$: Subject<void>,
  ) {}

  next(request: In): void {
    const isNext = this.#next === this.#buffer.length;
    if (this.#isFailing) return;
    const { tracer } = this.requests.worker;
    const next = tracer.isObserved ? new TracedRequest(request, tracer.begin(request)) : request;
    if (isNext && this.#underWay.length < this.concurrency) this.#ask(next);
    else this.#buffer.push(next);
  }

  complete(): void {
    this.#isComplete = true;
    this.#askNext();
  }

  replied(request: KeyedRequest<Out, In>, reply: Out): void {
    // The last one takes its place: constant time.
    const last = this.#underWay.pop();
    if (last && last !== request) {
      last.index = request.index;
      this.#underWay[last.index] = last;
    }
    this.subscriber.next(reply);
    this.#askNext();
  }

  failed(error: unknown): void {
    runGuarded(() => this.subscriber.error(error));
  }

  failing(): void {
    this.#isFailing = true;
    this.#dropBuffer();
    this.left$.next();
  }

  leave(): void {
    this.#dropBuffer();
    for (const request of this.#underWay) request.leave();
  }

  #dropBuffer(): void {
    for (const next of this.#buffer.splice(0).slice(this.#next)) {
      if (next instanceof TracedRequest) next.trace.end({ outcome: 'left' });
    }
    this.#next = 0;
  }

  #ask(next: In | TracedRequest<In>): void {
    const { value, trace } =
      next instanceof TracedRequest ? next : { value: next, trace: undefined };
    try {
      const request = new KeyedRequest(this.requests, value, this.plan, this);
      request.trace = trace;
      // `key` is the user's, and may have unsubscribed.
      if (this.subscriber.closed) {
        trace?.end({ outcome: 'left' });
        return;
      }
      request.reserveId();
      request.index = this.#underWay.push(request) - 1;
      this.requests.add(request);
    } catch (error) {
      trace?.end({ outcome: 'failed', error });
      this.failing();
      soon(() => this.failed(error));
    }
  }

  #askNext(): void {
    while (this.#underWay.length < this.concurrency && this.#next < this.#buffer.length) {
      this.#ask(this.#buffer[this.#next++] as In | TracedRequest<In>);
    }
    // The asked part is dropped when it is the greater part: constant time per request.
    if (this.#next > 0 && 2 * this.#next >= this.#buffer.length) {
      this.#buffer = this.#buffer.slice(this.#next);
      this.#next = 0;
    }
    if (this.#isComplete && this.#underWay.length === 0 && !this.#isFailing) {
      runGuarded(() => this.subscriber.complete());
    }
  }
}
