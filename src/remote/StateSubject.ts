import { BehaviorSubject } from 'rxjs';
import { runGuarded } from '../rx/runGuarded.js';
import { serialize } from '../rx/serialize.js';

/** Writes a state; only its owner has one. */
export interface StateWriter<T> {
  readonly state$: StateSubject<T>;
  next(state: T): void;
  complete(): void;
}

/** A `BehaviorSubject` that only its owner writes. */
export class StateSubject<T> extends BehaviorSubject<T> {
  /** @throws TypeError: only its owner writes it. */
  override next(): never {
    return refuse();
  }

  /** @throws TypeError: only its owner writes it. */
  override error(): never {
    return refuse();
  }

  /** @throws TypeError: only its owner writes it. */
  override complete(): never {
    return refuse();
  }

  /** @throws TypeError: it would end the stream for everyone. */
  override unsubscribe(): never {
    return refuse();
  }
}

/** Makes a state. Every subscriber sees the same order, even when one of them changes it from inside its `next`. */
export function createState<T>(first: T): StateWriter<T> {
  const state$ = new StateSubject(first);
  return {
    state$,
    next: serialize((state: T) => BehaviorSubject.prototype.next.call(state$, state)),
    complete: () => runGuarded(() => BehaviorSubject.prototype.complete.call(state$)),
  };
}

function refuse(): never {
  throw new TypeError('only the connection to the host writes that');
}
