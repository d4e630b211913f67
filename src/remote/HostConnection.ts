import {
  defer,
  from,
  fromEvent,
  map,
  merge,
  NEVER,
  Observable,
  retry,
  Subject,
  Subscription,
  switchMap,
  take,
  throwIfEmpty,
  type ObservableInput,
} from 'rxjs';
import { messageOf } from '../contract/errors.js';
import { Batcher } from '../link/Batcher.js';
import type { Measured, Topic } from '../link/Batch.js';
import { VERSION, type Arrived, type Hello, type Line } from '../link/Line.js';
import { breach, CLOSE, LineClosedError } from '../link/LineClosedError.js';
import { RefusedError } from '../link/bridgeErrors.js';
import { Session, type LostBatches } from '../link/Session.js';
import { Watchdog } from '../link/Watchdog.js';
import { clockOf, type Clock } from '../rx/clock.js';
import type { Connection } from './Connection.js';
import type { ConnectOptions } from './ConnectOptions.js';
import { createState } from './StateSubject.js';

const WINDOW_BYTES = 1024 * 1024;
const BATCH_BYTES = 64 * 1024;
/** A third of the time limit for the host's hello, and the beat until the hello sets another. */
const HELLO_TICK_MS = 5_000;

/** The callbacks of a connection. */
export interface ConnectionPorts {
  deliver(topic: Topic, values: readonly unknown[]): void;
  /** The session is over, if there was one; `refusal` is set if no other can follow. */
  sessionLost(lost: LostBatches, hadSession: boolean): void;
}

/**
 * The connection of one client to one worker of a host: connects, shows the token, resumes the session, and
 * begins again when the line is lost.
 */
export class HostConnection {
  readonly clock: Clock;
  readonly #name: string;
  readonly #kind: 'worker' | 'pool';
  readonly #options: ConnectOptions;
  readonly #ports: ConnectionPorts;
  readonly #state = createState<Connection>({ state: 'connecting', attempt: 0 });
  readonly state$ = this.#state.state$;
  readonly #session: Session;
  readonly #batcher = new Batcher((batch) => this.#session.push(batch), BATCH_BYTES);
  readonly #hurry$ = new Subject<unknown>();
  #talk = new Subscription();
  #line: Line | undefined;
  #sessionId: string | undefined;
  #attempt = 0;
  #beatMs = HELLO_TICK_MS;
  #lastAnswer = -Infinity;
  #refusal: Error | undefined;
  #isClosed = false;

  constructor(
    name: string,
    kind: 'worker' | 'pool',
    options: ConnectOptions,
    ports: ConnectionPorts,
  ) {
    this.#name = name;
    this.#kind = kind;
    this.#options = options;
    this.#ports = ports;
    this.clock = clockOf(options.scheduler);
    this.#session = new Session(
      { deliver: (topic, values) => ports.deliver(topic, values) },
      WINDOW_BYTES,
      this.clock,
    );
  }

  /** Connects, for the first time or again. A link may fail at once: the owner must be complete. */
  connect(): void {
    this.#refusal = undefined;
    this.#talk.unsubscribe();
    this.#talk = defer(() => {
      this.#state.next({ state: 'connecting', attempt: this.#attempt });
      return this.#token();
    })
      .pipe(
        switchMap((token) => this.#options.link.pipe(map((line) => ({ line, token })))),
        throwIfEmpty(() => new LineClosedError(1006, 'the link gave no line')),
        switchMap(({ line, token }) => this.#talkOver(line, token)),
        retry({ delay: (error: unknown) => this.#waitAfter(error) }),
      )
      .subscribe({ error: (error: unknown) => this.#refused(error) });
    if (this.#isClosed) this.#talk.unsubscribe();
  }

  /** Why nothing can be sent, if so. */
  get refusal(): Error | undefined {
    return this.#isClosed ? new RefusedError([this.#name], 'it was closed') : this.#refusal;
  }

  /** How much waits to be sent, or to be consumed by the host. */
  get pendingBytes(): number {
    return this.#session.bytes + this.#batcher.bytes;
  }

  /** Sends a value with what else is sent in this turn of the event loop. */
  send(topic: Topic, value: unknown, measured?: Measured): void {
    this.#batcher.add(topic, value, measured);
  }

  /** Lets the host wait, or go on. */
  hold(isHeld: boolean): void {
    this.#session.hold(isHeld);
  }

  reconnect(): void {
    if (this.#isClosed) return;
    const { state } = this.state$.value;
    if (state === 'waiting') this.#hurry$.next(undefined);
    else if (state === 'closed') this.connect();
  }

  /** Hangs up. What was not seen consumed is lost. */
  close(): void {
    if (this.#isClosed) return;
    this.#batcher.flush();
    this.#isClosed = true;
    // Before the link hangs up in a way of its own.
    this.#line?.close(CLOSE.done, 'closed by the client');
    this.#talk.unsubscribe();
    this.#ports.sessionLost(this.#session.reset(), false);
    this.#state.next({ state: 'closed' });
    this.#state.complete();
  }

  #token(): Observable<unknown> {
    const token: string | ObservableInput<unknown> = this.#options.token?.() ?? '';
    return from(typeof token === 'string' ? [token] : token).pipe(
      take(1),
      throwIfEmpty(() => new Error('the token has no value')),
    );
  }

  /** Errors when the line is lost. */
  #talkOver(line: Line, token: unknown): Observable<never> {
    return new Observable((subscriber) => {
      const fail = (error: unknown): void => {
        const { code, message } = error instanceof LineClosedError ? error : breach(String(error));
        line.close(code, message);
        subscriber.error(error);
      };
      const silent = (): void => fail(new LineClosedError(CLOSE.silent, 'the host is silent'));
      const watch = (ms: number) => new Watchdog(this.clock, ms, () => undefined, silent);
      let watchdog = watch(HELLO_TICK_MS);
      let isOpen = false;
      const receive = (frame: Arrived): void => {
        watchdog.seen();
        if (isOpen) {
          this.#session.receive(frame);
          if (frame[0] === 'a') this.#answer();
          return;
        }
        isOpen = true;
        this.#greeted(line, frame);
        watchdog.stop();
        watchdog = watch(this.#beatMs);
      };
      this.#line = line;
      subscriber.add(() => {
        watchdog.stop();
        this.#line = undefined;
        this.#session.detach();
        line.close(CLOSE.leaving, 'left');
      });
      subscriber.add(
        line.frames$.subscribe({
          next: (frame) => {
            try {
              receive(frame);
            } catch (error) {
              fail(error);
            }
          },
          error: fail,
          complete: () => fail(new LineClosedError(1006, '')),
        }),
      );
      const hello: Hello = {
        v: VERSION,
        worker: this.#name,
        token,
        session: this.#sessionId,
        got: this.#session.got,
      };
      line.send(['h', hello]);
    });
  }

  #greeted(line: Line, [kind, hello]: Arrived): void {
    if (kind !== 'h') throw breach('the host does not speak this protocol');
    const { v, session, got, beatMs = HELLO_TICK_MS, kind: found } = hello as Hello;
    if (v !== VERSION) throw breach(`the host speaks version ${v} of the protocol, not ${VERSION}`);
    if (found !== this.#kind) {
      throw breach(
        `it is a ${String(found)}: use connect${found === 'pool' ? 'Pool' : 'Worker'}()`,
      );
    }
    this.#beatMs = beatMs;
    if (session !== this.#sessionId) {
      const isFirst = this.#sessionId === undefined;
      this.#sessionId = session;
      if (!isFirst) this.#loseSession(true);
      if (this.#isClosed) return;
    }
    if (!this.#session.attach(line, got)) throw breach('the host has lost count');
    this.#attempt = 0;
    this.#state.next({ state: 'open' });
  }

  /** The host's acks are its heartbeat. A hidden page may run no timers, but it may answer. */
  #answer(): void {
    const now = this.clock.now();
    if (now - this.#lastAnswer < this.#beatMs / 2) return;
    this.#lastAnswer = now;
    this.#session.acknowledge();
  }

  #waitAfter(error: unknown): Observable<unknown> {
    if (error instanceof LineClosedError && error.isFinal) throw error;
    const { delayMs: least = 250, maxDelayMs = 30_000 } = this.#options;
    const longest = Math.min(least * 2 ** this.#attempt++, maxDelayMs);
    const delayMs = Math.round((longest / 2) * (1 + Math.random()));
    const delay$ = new Observable<unknown>((subscriber) =>
      this.clock.after(delayMs, () => subscriber.next(undefined)),
    );
    // Subscribed before it is reported: a subscriber may call reconnect().
    const hurry$ = new Observable<unknown>((subscriber) => {
      subscriber.add(this.#hurry$.subscribe(subscriber));
      this.#state.next({
        state: 'waiting',
        attempt: this.#attempt,
        delayMs,
        error: error instanceof Error ? error : new Error(String(error)),
      });
    });
    return merge(delay$, online(), hurry$).pipe(take(1));
  }

  #loseSession(hadSession: boolean): void {
    this.#batcher.flush();
    this.#ports.sessionLost(this.#session.reset(), hadSession);
  }

  #refused(error: unknown): void {
    this.#refusal = new RefusedError([this.#name], messageOf(error), { cause: error });
    const hadSession = this.#sessionId !== undefined;
    this.#sessionId = undefined;
    this.#loseSession(hadSession);
    this.#state.next({ state: 'closed', error: this.#refusal });
  }
}

function online(): Observable<unknown> {
  const target = globalThis as Partial<EventTarget>;
  return target.addEventListener
    ? fromEvent(globalThis as unknown as EventTarget, 'online')
    : NEVER;
}
