import { from, isObservable, Observable, tap, type ObservableInput, type Subscriber } from 'rxjs';
import type { InputQueue } from './process/InputQueue.js';

/** A source that is read one value at a time: arrays, generators, streams. */
export type Pullable<In> = Iterable<In> | AsyncIterable<In>;

/** How much of a source was accepted as input. */
export interface FeedProgress {
  readonly lines: number;
  /** As encoded, line ends included. */
  readonly bytes: number;
}

/**
 * Reads any source into a queue: one that can be pulled, no faster than the program reads; an
 * Observable, which cannot be slowed down, as it comes. Ends as the source ends.
 */
export function pour<In>(source: ObservableInput<In>, queue: InputQueue<In>): Observable<unknown> {
  if (isPullable(source)) return pourPulled(source, queue);
  return from(source).pipe(tap((value) => queue.push(value)));
}

/**
 * The same for a source that can be pulled. Tells its progress with each batch, and completes when
 * all was written.
 *
 * @param onLost - told if something does not reach the program after all.
 */
export function pourPulled<In>(
  source: Pullable<In>,
  queue: InputQueue<In>,
  onLost?: (error: Error, progress: Subscriber<FeedProgress>) => void,
): Observable<FeedProgress> {
  return new Observable((subscriber) => {
    const lost = onLost && ((error: Error): void => onLost(error, subscriber));
    pull(source, queue, subscriber, lost).then(
      () => subscriber.complete(),
      (error: unknown) => subscriber.error(error),
    );
  });
}

async function pull<In>(
  source: Pullable<In>,
  queue: InputQueue<In>,
  progress: Subscriber<FeedProgress>,
  lost: ((error: Error) => void) | undefined,
): Promise<void> {
  let lines = 0;
  let bytes = 0;
  const take = (value: In): boolean => {
    bytes += queue.push(value, lost);
    lines++;
    return queue.isFull;
  };
  const room = async (): Promise<void> => {
    progress.next({ lines, bytes });
    await queue.room();
  };
  // A loop each: `for await` over an array would take a turn, and so a write, for every value.
  if (Symbol.iterator in source) {
    for (const value of source) {
      if (progress.closed) return;
      if (take(value)) await room();
    }
  } else {
    for await (const value of source) {
      if (progress.closed) return;
      if (take(value)) await room();
    }
  }
  await queue.flushed();
  progress.next({ lines, bytes });
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
