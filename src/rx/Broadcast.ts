import { Observable, type Subscriber } from 'rxjs';
import { runGuarded } from './runGuarded.js';

/**
 * A multicast stream with a plain loop for `next`: an RxJS `Subject` allocates a closure per value. It never
 * errors; after completion a new subscriber gets the replayed values and the completion.
 */
export class Broadcast<T> {
  /** The stream. A late subscriber first gets the last `replay` values, then the following ones. */
  readonly values$ = new Observable<T>((subscriber) => {
    for (let i = 0; i < this.#recent.length; i++) {
      subscriber.next(this.#recent[(this.#end + i) % this.#recent.length] as T);
    }
    if (this.#completed) {
      subscriber.complete();
      return undefined;
    }
    this.#subscribers = [...this.#subscribers, subscriber];
    return () => {
      this.#subscribers = this.#subscribers.filter((other) => other !== subscriber);
    };
  });

  // Replaced, never mutated: subscribing or unsubscribing during a value does not disturb its delivery.
  #subscribers: readonly Subscriber<T>[] = [];
  /** The last values; a ring once there are `replay` of them. */
  readonly #recent: T[] = [];
  /** The index of the next value; in a full ring, that of the oldest. */
  #end = 0;
  #completed = false;

  constructor(private readonly replay = 0) {}

  get isObserved(): boolean {
    return this.#subscribers.length > 0;
  }

  next(value: T): void {
    if (this.#completed) return;
    if (this.replay > 0) this.#remember(value);
    for (const subscriber of this.#subscribers) subscriber.next(value);
  }

  complete(): void {
    this.#completed = true;
    for (const subscriber of this.#subscribers) runGuarded(() => subscriber.complete());
  }

  #remember(value: T): void {
    this.#recent[this.#end] = value;
    this.#end = (this.#end + 1) % this.replay;
  }
}
