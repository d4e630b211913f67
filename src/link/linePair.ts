import { Observable, Subject } from 'rxjs';
import type { Arrived, Line } from './Line.js';
import { LineClosedError } from './LineClosedError.js';
import { messageOf } from './portLine.js';

/**
 * Makes two lines in memory, each the other's other end: for tests, and for pages that are rendered where the
 * host is. Frames are cloned, and arrive in a later microtask.
 *
 * @example
 * ```ts
 * const [mine, theirs] = linePair();
 * host.accept(theirs);
 * const worker = connectWorker('engine', { link: of(mine) });
 * worker.send.next('go depth 12');
 * ```
 *
 * @returns both ends.
 */
export function linePair(): [Line, Line] {
  const ends = [new Subject<Arrived>(), new Subject<Arrived>()] as const;
  let isClosed = false;
  const line = (mine$: Subject<Arrived>, other$: Subject<Arrived>): Line => ({
    frames$: new Observable((subscriber) => mine$.subscribe(subscriber)),
    send: (frame) => {
      if (isClosed) return;
      const clone = structuredClone(messageOf(frame));
      later(() => other$.next(clone));
    },
    close: (code, reason) => {
      if (isClosed) return;
      isClosed = true;
      const error = new LineClosedError(code, reason);
      later(() => {
        other$.error(error);
        mine$.error(error);
      });
    },
  });
  return [line(...ends), line(ends[1], ends[0])];
}

function later(act: () => void): void {
  void Promise.resolve().then(act);
}
