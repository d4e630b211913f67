import { Subscription, type Observable } from 'rxjs';
import type { SharedPause } from '../rx/SharedPause.js';

/**
 * Pulls a stream one value at a time. While values wait to be pulled, the program is paused. It ends when
 * the stream completes or when `rest$` emits, with an error if that emits one.
 */
export class OutputIterator<Out> implements AsyncIterableIterator<Out> {
  readonly #pause: SharedPause;
  readonly #subscription = new Subscription();
  #hold = Subscription.EMPTY;
  #values: Out[] = [];
  #pulled = 0;
  #wanted: ((result: IteratorResult<Out> | Promise<never>) => void)[] = [];
  #ended = false;
  #error: unknown;

  constructor(output$: Observable<Out>, rest$: Observable<unknown>, pause: SharedPause) {
    this.#pause = pause;
    this.#subscription.add(
      output$.subscribe({
        next: (value) => this.#take(value),
        complete: () => this.#end(),
      }),
    );
    this.#subscription.add(rest$.subscribe((error) => this.#end(error)));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Out>> {
    const value = this.#values[this.#pulled];
    if (this.#pulled < this.#values.length) {
      this.#pulled++;
      if (this.#pulled === this.#values.length) this.#letGo();
      return Promise.resolve({ done: false, value: value as Out });
    }
    if (this.#ended) return Promise.resolve(this.#last());
    return new Promise((resolve) => this.#wanted.push(resolve));
  }

  /** Ends the pulling, not the program: values that wait are dropped. */
  return(): Promise<IteratorResult<Out>> {
    this.#letGo();
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  #take(value: Out): void {
    const wanted = this.#wanted.shift();
    if (wanted) {
      wanted({ done: false, value });
      return;
    }
    if (this.#values.push(value) === 1) this.#hold = this.#pause.hold();
  }

  #letGo(): void {
    this.#values = [];
    this.#pulled = 0;
    this.#hold.unsubscribe();
  }

  #end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#subscription.unsubscribe();
    // Buffered values can still be pulled; the program need not be paused.
    this.#hold.unsubscribe();
    for (const wanted of this.#wanted.splice(0)) wanted(this.#last());
  }

  /** The result behind the last value: the error, once, then the end. */
  #last(): IteratorResult<Out> | Promise<never> {
    const error = this.#error;
    this.#error = undefined;
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a SimpleIpcError
    return error === undefined ? { done: true, value: undefined } : Promise.reject(error);
  }
}
