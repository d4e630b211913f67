import {
  from,
  isObservable,
  noop,
  Observable,
  tap,
  type ObservableInput,
  type Subscriber,
} from 'rxjs';
import type { Input, Sender } from '../contract/Input.js';
import { runGuarded } from '../rx/runGuarded.js';

/** A source that is read one value at a time: arrays, generators, streams. */
export type Pullable<In> = Iterable<In> | AsyncIterable<In>;

/** How much of a source was accepted as input. */
export interface FeedProgress {
  /** Values. */
  readonly values: number;
  /** As encoded, line ends included. */
  readonly bytes: number;
}

/**
 * Reads any source into a queue: one that can be pulled, no faster than the program reads; an
 * Observable, which cannot be slowed down, as it comes. Ends as the source ends.
 */
export function pour<In>(source: ObservableInput<In>, queue: Input<In>): Observable<unknown> {
  if (isPullable(source)) return pumpPulled(source, queue);
  return from(source).pipe(tap((value) => queue.push(value)));
}

/**
 * The same for a source that can be pulled. Emits its progress with each batch, and completes when
 * all was written.
 *
 * @param onLost - called if a value does not reach the program after all.
 */
export function pumpPulled<In>(
  source: Pullable<In>,
  queue: Input<In>,
  onLost?: (error: Error, progress: Subscriber<FeedProgress>) => void,
): Observable<FeedProgress> {
  return new Observable((subscriber) => {
    const sender = onLost && { lost: (error: Error): void => onLost(error, subscriber) };
    const pump = new Pump(source, queue, subscriber, sender);
    subscriber.add(() => pump.leave());
    pump.run().then(
      () => runGuarded(() => subscriber.complete()),
      (error: unknown) => runGuarded(() => subscriber.error(error)),
    );
  });
}

/** Pulls a source, a value at a time, while there is room. */
class Pump<In> {
  readonly #values: Iterator<In> | AsyncIterator<In>;
  readonly #isSync: boolean;
  #hasEnded = false;
  #giveUp: () => void = noop;

  constructor(
    source: Pullable<In>,
    private readonly queue: Input<In>,
    private readonly progress: Subscriber<FeedProgress>,
    private readonly sender: Sender | undefined,
  ) {
    this.#isSync = Symbol.iterator in source;
    this.#values =
      Symbol.iterator in source ? source[Symbol.iterator]() : source[Symbol.asyncIterator]();
  }

  async run(): Promise<void> {
    const { queue, progress, sender } = this;
    let values = 0;
    let bytes = 0;
    for (;;) {
      if (queue.isFull) {
        if (values > 0) progress.next({ values, bytes });
        if (this.#isLeft()) return;
        await this.#onceMoved(() => (queue.isFull ? undefined : true));
      }
      if (this.#isLeft()) return;
      // Nothing is awaited that need not be: it would end the turn, and with it the write.
      const pulled = this.#values.next();
      const result = this.#isSync ? (pulled as IteratorResult<In>) : await pulled;
      if (result.done) break;
      if (this.#isLeft()) {
        this.leave();
        return;
      }
      const accepted = queue.offer(result.value, sender) ?? (await this.#giveLater(result.value));
      values++;
      bytes += accepted;
    }
    this.#hasEnded = true;
    await queue.flushed();
    progress.next({ values, bytes });
  }

  /** Gives a value that has to wait for room. */
  #giveLater(value: In): Promise<number> {
    return this.#onceMoved(() => this.queue.offer(value, this.sender));
  }

  /**
   * Retries whenever the queue has moved, before others can fill it again.
   * Never settles once unsubscribed: nothing keeps it while the program does not read.
   */
  #onceMoved<T>(attempt: () => T | undefined): Promise<T> {
    return new Promise((resolve) => {
      const wait = (): void => {
        this.#giveUp = this.queue.onMove(() => {
          const result = attempt();
          if (result === undefined) wait();
          else resolve(result);
        });
      };
      wait();
    });
  }

  #isLeft(): boolean {
    return this.progress.closed;
  }

  /** Ends the source, if it has not ended by itself. */
  leave(): void {
    this.#giveUp();
    if (this.#hasEnded) return;
    try {
      void Promise.resolve(this.#values.return?.()).catch(() => undefined);
      this.#hasEnded = true;
    } catch {
      // A generator that is just running: it is ended when it has yielded.
    }
  }
}

/** Whether it is anything that can be read. */
export function isSource(source: unknown): source is ObservableInput<unknown> {
  if (isObservable(source)) return true;
  if (typeof source !== 'object' || source === null) return false;
  return ['then', 'getReader', 'length', Symbol.iterator, Symbol.asyncIterator, observable].some(
    (key) => key in source,
  );
}

// RxJS's well-known symbol, for Observables of other libraries.
const observable = (Symbol as { readonly observable?: symbol }).observable ?? '@@observable';

function isPullable<In>(source: ObservableInput<In>): source is ObservableInput<In> & Pullable<In> {
  return !isObservable(source) && (Symbol.iterator in source || Symbol.asyncIterator in source);
}
