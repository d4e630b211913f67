import { BehaviorSubject, Subject, type Observable } from 'rxjs';
import { serialize } from '../rx/serialize.js';
import { runGuarded } from '../rx/runGuarded.js';
import type { WorkerStatus } from './status.js';

/** The hand that writes a status subject. */
export interface StatusWriter {
  readonly status$: StatusSubject;
  /** The changes, for the library's own ends: who watches these has not observed a failure for anyone. */
  readonly changes$: Observable<WorkerStatus>;
  next(status: WorkerStatus): void;
  complete(): void;
}

/**
 * The status of a worker: a `BehaviorSubject` that only the worker writes. Every subscriber sees
 * the same order, even when one of them starts or stops the worker from inside its `next`.
 */
export class StatusSubject extends BehaviorSubject<WorkerStatus> {
  /** @throws TypeError: only the worker writes its status. */
  override next(): never {
    return refuse('next');
  }

  /** @throws TypeError: only the worker writes its status. */
  override error(): never {
    return refuse('error');
  }

  /** @throws TypeError: only the worker writes its status. */
  override complete(): never {
    return refuse('complete');
  }

  /** @throws TypeError: it would end the stream for everyone. */
  override unsubscribe(): never {
    return refuse('unsubscribe');
  }
}

/** Makes a status subject at rest, with the only hand that writes it. */
export function createStatus(): StatusWriter {
  const status$ = new StatusSubject({ state: 'stopped' });
  const changes$ = new Subject<WorkerStatus>();
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
