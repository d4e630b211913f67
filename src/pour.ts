import { from, isObservable, Observable, type ObservableInput } from 'rxjs';
import type { InputQueue } from './process/InputQueue.js';

/**
 * Reads a source into a queue: an iterable, sync or async, no faster than the program reads; an
 * Observable, which cannot be slowed down, as it comes. Emits nothing, and ends as the source ends.
 */
export function pour<In>(source: ObservableInput<In>, queue: InputQueue<In>): Observable<never> {
  return new Observable((subscriber) => {
    const complete = (): void => {
      subscriber.complete();
    };
    const error = (problem: unknown): void => {
      subscriber.error(problem);
    };
    if (isPullable(source)) {
      pull(source, queue, subscriber).then(complete, error);
      return undefined;
    }
    return from(source).subscribe({
      next: (value) => {
        queue.push(value);
      },
      complete,
      error,
    });
  });
}

type Pullable<In> = Iterable<In> | AsyncIterable<In>;

function isPullable<In>(source: ObservableInput<In>): source is ObservableInput<In> & Pullable<In> {
  return !isObservable(source) && (Symbol.iterator in source || Symbol.asyncIterator in source);
}

async function pull<In>(
  source: Pullable<In>,
  queue: InputQueue<In>,
  reader: { readonly closed: boolean },
): Promise<void> {
  if (Symbol.iterator in source) {
    for (const value of source) {
      queue.push(value);
      if (queue.isFull) await queue.room();
      if (reader.closed) return;
    }
  } else {
    for await (const value of source) {
      queue.push(value);
      await queue.room();
      if (reader.closed) return;
    }
  }
}
