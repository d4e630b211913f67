import { Observable, Subject, takeUntil, type OperatorFunction, type Subscriber } from 'rxjs';
import type { RequestLimits } from './exchangeInTurn.js';
import {
  Asked,
  correspondenceOf,
  type Asker,
  type Correspondence,
  type Key,
} from './KeyedRequests.js';
import { runGuarded } from '../rx/runGuarded.js';
import { internalsOf } from '../contract/internals.js';
import { type ReactiveWorker } from '../contract/ReactiveWorker.js';

/**
 * Sends the source's values as requests and emits the messages with the same ids, as they come. It is
 * `mergeMap`, but without an inner subscription a request: leaving one of 100,000 would search them all.
 */
export function exchangeByKey<Out, In>(
  worker: ReactiveWorker<Out, In>,
  key: Key<Out, In>,
  limits: RequestLimits,
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
class Asking<Out, In> implements Asker<Out, In> {
  readonly #underWay: Asked<Out, In>[] = [];
  #waiting: In[] = [];
  #next = 0;
  #isComplete = false;

  constructor(
    readonly correspondence: Correspondence<Out, In>,
    readonly limits: RequestLimits,
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
    runGuarded(() => this.subscriber.error(error));
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
      this.failed(error);
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
    if (this.#isComplete && this.#underWay.length === 0) {
      runGuarded(() => this.subscriber.complete());
    }
  }
}
