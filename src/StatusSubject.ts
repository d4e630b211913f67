import { BehaviorSubject, Subject, type Observable } from 'rxjs';
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
  const due: WorkerStatus[] = [];
  return {
    status$,
    changes$,
    next(status) {
      // A status that comes while another is being told waits for its turn.
      if (due.push(status) > 1) return;
      for (let first = due[0]; first; first = due[0]) {
        BehaviorSubject.prototype.next.call(status$, first);
        changes$.next(first);
        due.shift();
      }
    },
    complete() {
      BehaviorSubject.prototype.complete.call(status$);
    },
  };
}

function refuse(method: string): never {
  throw new TypeError(`status$.${method}() is the worker's own: start, stop or dispose the worker`);
}
