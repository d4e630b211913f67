import { defer, Observable, Subscription } from 'rxjs';
import { ExitError, InputClosedError, ReplyTimeoutError } from '../contract/errors.js';
import { runGuarded } from '../rx/runGuarded.js';
import type { Exit } from '../contract/exit.js';
import { internalsOf } from '../contract/internals.js';
import { type ReactiveWorker } from '../contract/ReactiveWorker.js';

/** How long and how often is asked. */
export interface RequestLimits {
  readonly timeoutMs: number;
  /** In all, 1 or more. */
  readonly attempts: number;
}

/** How long a run may go on when its stdin was lost, in milliseconds, before that is why a request is. */
export const EXIT_GRACE_MS = 1_000;

/**
 * Asks a worker and takes what `reply` makes of its output.
 *
 * @param inTurn - whether replies are known by their order alone: then one is asked at a time, and no
 * turn ends before its reply is complete or the run is ended.
 */
export function exchangeInTurn<Out, In, Reply>(
  worker: ReactiveWorker<Out, In>,
  reply: (output$: Observable<Out>, request: In) => Observable<Reply>,
  { timeoutMs, attempts }: RequestLimits,
  inTurn: boolean,
): (request: In) => Observable<Reply> {
  const { command, clock, input, mutex, supervisor } = internalsOf(worker);
  const output$ = fromNowOn(worker.output$);
  return (request) =>
    new Observable((subscriber) => {
      let times = 0;
      let failure: unknown;
      let talk = Subscription.EMPTY;
      let over = false;

      // What `reply` does when it is left may throw.
      const leave = (): void => runGuarded(() => talk.unsubscribe());
      const endTurn = (): void => {
        if (over) return;
        over = true;
        leave();
        if (inTurn) mutex.release();
      };
      const done = (): void => {
        endTurn();
        runGuarded(() => subscriber.complete());
      };
      const fail = (error: unknown): void => {
        endTurn();
        runGuarded(() => subscriber.error(error));
      };
      const giveUp = (error: unknown): void => {
        // Whatever still comes of the reply comes from a run that is being ended.
        if (inTurn) void worker.restart();
        fail(error);
      };
      const runEnded = (exit: Exit): void => {
        failure = new ExitError(exit);
        if (times >= attempts) {
          fail(failure);
          return;
        }
        leave();
        askWhenRunning();
      };
      const ask = (): void => {
        times++;
        const is = { sent: false, lost: false, complete: false };
        talk = new Subscription();
        talk.add(
          clock.after(timeoutMs, () => {
            const reason = `did not reply within timeoutMs (${timeoutMs})`;
            giveUp(new ReplyTimeoutError(command, reason));
          }),
        );
        talk.add(supervisor.ended$.subscribe(runEnded));
        // What survived SIGKILL has not ended.
        talk.add(supervisor.rest$.subscribe((error) => fail(error)));
        talk.add(
          defer(() => reply(output$, request)).subscribe({
            next: (value) => subscriber.next(value),
            error: (error: unknown) => (is.sent ? giveUp(error) : fail(error)),
            complete: () => {
              is.complete = true;
              if (is.sent) done();
            },
          }),
        );
        if (over) return;
        // `reply` is the user's, who may have restarted the worker.
        if (supervisor.writable()) {
          times--;
          leave();
          askWhenRunning();
          return;
        }
        const lost = (error: Error): void => {
          is.lost = true;
          if (error instanceof InputClosedError && times < attempts) {
            // If its end is why, that follows, and may ask again.
            talk.add(clock.after(EXIT_GRACE_MS, () => input.isStdinClosed && fail(error)));
          } else {
            fail(failure ?? error);
          }
        };
        input.push(request, { lost });
        is.sent = true;
        // A request without a reply is over when it is written.
        if (is.complete) {
          void input.flushed().then(() => {
            if (!is.lost) done();
          });
        }
      };
      const askWhenRunning = (): void => {
        const settled = supervisor.writable();
        if (subscriber.closed) endTurn();
        else if (settled) void settled.then(askWhenRunning);
        else ask();
      };

      if (!inTurn) {
        askWhenRunning();
        return () => talk.unsubscribe();
      }
      // Once it is asked, it is not un-asked: who leaves keeps the turn until the reply is complete.
      return mutex.acquire(askWhenRunning);
    });
}

/** What comes from now on: nothing that is replayed. The end of the output is no reply: why it ended is told. */
function fromNowOn<T>(output$: Observable<T>): Observable<T> {
  return new Observable((subscriber) => {
    let isReplay = true;
    subscriber.add(
      output$.subscribe((value) => {
        if (!isReplay) subscriber.next(value);
      }),
    );
    isReplay = false;
  });
}
