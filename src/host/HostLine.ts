import { Subscription } from 'rxjs';
import { VERSION, type Arrived, type Hello, type Line } from '../link/Line.js';
import { breach, CLOSE, LineClosedError } from '../link/LineClosedError.js';
import { Watchdog } from '../link/Watchdog.js';
import type { Clock } from '../rx/clock.js';
import { FrameRate } from './Admission.js';
import type { ClientSession, OpenLine } from './ClientSession.js';

/** The host, as a line uses it. */
export interface LineHost {
  readonly clock: Clock;
  readonly beatMs: number;
  readonly helloMs: number;
  readonly maxFramesPerSecond: number;
  /** Finds or makes the session that a hello asks for. Rejects with a `LineClosedError` if there is none for it. */
  seat(hello: Hello): Promise<{ readonly session: ClientSession; readonly expiresAt: number }>;
  /** The line has a session, or is gone. */
  settled(line: HostLine): void;
  gone(line: HostLine): void;
}

/** One line of a client to a host, from before its hello until it is lost. */
export class HostLine implements OpenLine {
  readonly line: Line;
  readonly #host: LineHost;
  readonly #rate: FrameRate;
  readonly #life = new Subscription();
  #session: ClientSession | undefined;
  #isGreeting = false;
  #watchdog: Watchdog | undefined;

  constructor(line: Line, host: LineHost) {
    this.line = line;
    this.#host = host;
    this.#rate = new FrameRate(host.maxFramesPerSecond, host.clock);
  }

  /** Listens until the line is lost. */
  open(): void {
    const { clock, helloMs } = this.#host;
    const cancelHello = clock.after(helloMs, () => this.hangUp(CLOSE.slow, 'there was no hello'));
    this.#life.add(() => {
      cancelHello();
      this.#watchdog?.stop();
      this.#host.gone(this);
      this.#session?.left(this);
    });
    this.#life.add(
      this.line.frames$.subscribe({
        next: (frame) => this.#receive(frame, cancelHello),
        error: (error: unknown) => this.#lost(error),
        complete: () => this.#lost(undefined),
      }),
    );
  }

  hangUp(code: number, reason: string): void {
    this.line.close(code, reason);
    this.#life.unsubscribe();
  }

  #lost(error: unknown): void {
    // A client that is done does not come back for its session.
    const isDone = error instanceof LineClosedError && error.code === CLOSE.done;
    if (isDone) void this.#session?.end();
    this.#life.unsubscribe();
  }

  #receive(frame: Arrived, cancelHello: () => void): void {
    if (this.#life.closed) return;
    try {
      this.#rate.count();
      if (this.#session) {
        this.#watchdog?.seen();
        this.#session.receive(this, frame);
      } else {
        const hello = this.#hello(frame);
        this.#isGreeting = true;
        cancelHello();
        void this.#greet(hello);
      }
    } catch (error) {
      this.#fail(error, breach('that is not a frame'));
    }
  }

  #hello([kind, hello]: Arrived): Hello {
    if (kind !== 'h' || this.#isGreeting || typeof hello !== 'object' || hello === null) {
      throw breach('first comes a hello, and one only');
    }
    const { v, worker, session } = hello as Partial<Record<keyof Hello, unknown>>;
    if (v !== VERSION) throw breach(`this host speaks version ${VERSION} of the protocol`);
    if (typeof worker !== 'string' || !['string', 'undefined'].includes(typeof session)) {
      throw breach('a hello names a worker');
    }
    return hello as Hello;
  }

  async #greet(hello: Hello): Promise<void> {
    const { clock, beatMs } = this.#host;
    try {
      const { session, expiresAt } = await this.#host.seat(hello);
      if (this.#life.closed) {
        // It was left while it was being authorized.
        session.abandoned();
        return;
      }
      this.#host.settled(this);
      this.#session = session;
      session.greet(this, hello.got, beatMs);
      this.#watchdog = new Watchdog(
        clock,
        beatMs,
        () => session.beat(this),
        () => this.hangUp(CLOSE.silent, 'the client is silent'),
      );
      const restMs = expiresAt - clock.date();
      this.#life.add(
        clock.after(restMs, () => this.hangUp(CLOSE.expired, 'the token has expired')),
      );
    } catch (error) {
      this.#fail(error, new LineClosedError(CLOSE.failed, 'the host failed'));
    }
  }

  #fail(error: unknown, otherwise: LineClosedError): void {
    const { code, message } = error instanceof LineClosedError ? error : otherwise;
    this.hangUp(code, message);
  }
}
