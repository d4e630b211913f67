import { Subject } from 'rxjs';
import { messageOf } from '../contract/errors.js';
import { warn } from '../contract/warn.js';
import type { InputQueue } from '../run/InputQueue.js';
import { runGuarded } from '../rx/runGuarded.js';

/**
 * The values for a program's stdin, as a Subject that ends only with its worker: `complete()` is the end-of-file of the
 * current run alone, as `WebSocketSubject`'s closes the socket. Subscribers receive the values that are sent.
 */
export class InputSubject<In> extends Subject<In> {
  readonly #queue: InputQueue<In>;

  constructor(queue: InputQueue<In>) {
    super();
    this.#queue = queue;
  }

  /** Sends a value. It is written with what else is sent in this turn of the event loop. */
  override next(value: In): void {
    this.#queue.push(value);
    if (this.observed) super.next(value);
  }

  /** Closes the current run's stdin, after all that was sent before. The next run accepts input again. */
  override complete(): void {
    this.#queue.complete();
  }

  /** Likewise, with a warning: a program has no use for an error. */
  override error(error: unknown): void {
    warn(`send.error() closes the input of the program: ${messageOf(error)}`);
    this.complete();
  }

  /** Completes the subscribers: the worker is disposed. */
  endAll(): void {
    runGuarded(() => super.complete());
  }

  /** @throws TypeError: it would end the input for everyone. */
  override unsubscribe(): never {
    throw new TypeError('send.unsubscribe() would end the input for everyone: dispose the worker');
  }
}
