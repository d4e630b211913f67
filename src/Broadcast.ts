import { Observable, type Subscriber } from 'rxjs';

/**
 * A multicast stream that is written by a plain loop: what an RxJS `Subject` does, without the
 * closure that its `next` allocates for every value. It never errors; once completed, it replays
 * and completes.
 */
export class Broadcast<T> {
  /** The stream. A late subscriber first gets the last `replay` values, then whatever comes. */
  readonly values$ = new Observable<T>((subscriber) => {
    for (const value of this.#recent) subscriber.next(value);
    if (this.#completed) {
      subscriber.complete();
      return undefined;
    }
    this.#subscribers = [...this.#subscribers, subscriber];
    return () => {
      this.#subscribers = this.#subscribers.filter((other) => other !== subscriber);
    };
  });

  // Replaced, never changed: who comes or goes during a value does not disturb its delivery.
  #subscribers: readonly Subscriber<T>[] = [];
  readonly #recent: T[] = [];
  #completed = false;

  constructor(private readonly replay = 0) {}

  next(value: T): void {
    if (this.replay > 0) this.#remember(value);
    for (const subscriber of this.#subscribers) subscriber.next(value);
  }

  complete(): void {
    this.#completed = true;
    for (const subscriber of this.#subscribers) subscriber.complete();
  }

  #remember(value: T): void {
    this.#recent.push(value);
    if (this.#recent.length > this.replay) this.#recent.shift();
  }
}
