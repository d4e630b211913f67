import { BehaviorSubject, Subject, type Observable } from 'rxjs';
import { serialize } from '../rx/serialize.js';
import { runGuarded } from '../rx/runGuarded.js';
import type { WorkerStatus } from './status.js';

/** Writes a status subject; only its owner has one. */
export interface StatusWriter<T = WorkerStatus> {
  readonly status$: StatusSubject<T>;
  /** The changes, for the library itself: a subscriber to these does not count as an observer of failures. */
  readonly changes$: Observable<T>;
  next(status: T): void;
  complete(): void;
}

/**
 * The status of a worker or a pool: a `BehaviorSubject` that only its owner writes. All subscribers see the same order,
 * even when one of them starts or stops the worker from inside its `next`.
 */
export class StatusSubject<T = WorkerStatus> extends BehaviorSubject<T> {
  /** @throws TypeError: only the owner writes its status. */
  override next(): never {
    return refuse('next');
  }

  /** @throws TypeError: only the owner writes its status. */
  override error(): never {
    return refuse('error');
  }

  /** @throws TypeError: only the owner writes its status. */
  override complete(): never {
    return refuse('complete');
  }

  /** @throws TypeError: it would end the stream for everyone. */
  override unsubscribe(): never {
    return refuse('unsubscribe');
  }
}

/** Makes a status subject, with its only writer. */
export function createStatus<T>(initial: T): StatusWriter<T> {
  const status$ = new StatusSubject<T>(initial);
  const changes$ = new Subject<T>();
  return {
    status$,
    changes$,
    next: serialize((status) => {
      BehaviorSubject.prototype.next.call(status$, status);
      changes$.next(status);
    }),
    complete() {
      runGuarded(() => BehaviorSubject.prototype.complete.call(status$));
    },
  };
}

function refuse(method: string): never {
  throw new TypeError(`status$.${method}() is the worker's own: start, stop or dispose the worker`);
}
