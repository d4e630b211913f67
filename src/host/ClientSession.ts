import { Subscription } from 'rxjs';
import { internalsOf } from '../contract/internals.js';
import { measure, type Batch, type Topic } from '../link/Batch.js';
import { Batcher } from '../link/Batcher.js';
import { RefusedError } from '../link/bridgeErrors.js';
import { VERSION, type Arrived, type Hello, type Line } from '../link/Line.js';
import { breach, CLOSE } from '../link/LineClosedError.js';
import { Session } from '../link/Session.js';
import type { Clock } from '../rx/clock.js';
import type { Client } from './Client.js';
import { ClientRequests } from './ClientRequests.js';
import type { AnyWorker, Exposure, Lease } from './Exposure.js';
import { Redactor } from './redact.js';
import type { Feed } from './WorkerFeed.js';

const BATCH_BYTES = 128 * 1024;

/** The host, as a session uses it. */
export interface SessionHost {
  readonly clock: Clock;
  readonly maxValueBytes: number;
  feedOf(target: Lease['target']): Feed;
  ended(session: ClientSession): void;
}

/** A line that a session talks over. */
export interface OpenLine {
  readonly line: Line;
  hangUp(code: number, reason: string): void;
}

/** One session of one client with one worker: outlives its lines by `resumeMs`. */
export class ClientSession {
  readonly id = randomId();
  readonly exposure: Exposure;
  readonly client: Client;
  readonly #host: SessionHost;
  readonly #lease: Lease;
  readonly #redactor: Redactor;
  readonly #session: Session;
  readonly #batcher = new Batcher((batch) => this.#push(batch), BATCH_BYTES);
  readonly #requests: ClientRequests;
  readonly #life = new Subscription();
  #open: OpenLine | undefined;
  #cancelExpiry: (() => void) | undefined;
  #pause = Subscription.EMPTY;
  /** Whether the client may pause the program: it has not done so for too long. */
  #isPatient = true;
  #isFresh = true;

  constructor(exposure: Exposure, client: Client, host: SessionHost) {
    this.exposure = exposure;
    this.client = client;
    this.#host = host;
    this.#lease = exposure.lease(client);
    this.#redactor = new Redactor(exposure.details);
    this.#session = new Session(
      { deliver: (topic, values) => this.#deliver(topic, values), room: () => this.#balance() },
      exposure.windowBytes,
      host.clock,
    );
    this.#requests = new ClientRequests(exposure, this.#lease.target, client, {
      replied: (id, reply) => this.#replied(id, reply),
      ended: (id, error) =>
        this.#batcher.add('end', error === undefined ? [id] : [id, this.#redactor.error(error)]),
    });
    if (
      exposure.kind === 'pool' ||
      exposure.rights.has('output') ||
      exposure.rights.has('stderr')
    ) {
      const feed = host.feedOf(this.#lease.target);
      this.#life.add(feed.join(exposure.details, (batch) => this.#feed(batch)));
    }
  }

  /** Whether no line is open. */
  get isAway(): boolean {
    return this.#open === undefined;
  }

  /** Goes on over a line. @throws LineClosedError if the client has another count. */
  greet(open: OpenLine, got: unknown, beatMs: number): void {
    this.#open?.hangUp(CLOSE.replaced, 'the session goes on over another line');
    this.#cancelExpiry?.();
    this.#open = open;
    const { kind } = this.exposure;
    const hello: Hello = { v: VERSION, session: this.id, got: this.#session.got, beatMs, kind };
    open.line.send(['h', hello]);
    // The count of a client that comes from a session we no longer have means nothing here.
    if (!this.#session.attach(open.line, this.#isFresh ? 0 : got))
      throw breach('you have lost count');
    this.#isFresh = false;
  }

  /** @throws LineClosedError for a breach of the protocol. */
  receive(open: OpenLine, frame: Arrived): void {
    if (open === this.#open) this.#session.receive(frame);
  }

  beat(open: OpenLine): void {
    if (open === this.#open) this.#session.acknowledge();
  }

  /** The line is lost. */
  left(open: OpenLine): void {
    if (open !== this.#open) return;
    this.#open = undefined;
    this.#session.detach();
    if (this.#life.closed) return;
    this.#cancelExpiry = this.#host.clock.after(this.exposure.resumeMs, () => void this.end());
  }

  /** Its line was lost before the hello was answered. */
  abandoned(): void {
    if (this.#isFresh) void this.end();
  }

  /** Ends it for good. Settles when what was the client's alone is disposed of. */
  async end(code: number = CLOSE.leaving, reason = 'the session is over'): Promise<void> {
    if (this.#life.closed) return;
    this.#life.unsubscribe();
    this.#cancelExpiry?.();
    this.#pause.unsubscribe();
    this.#requests.leaveAll();
    this.#session.reset();
    this.#host.ended(this);
    this.#open?.hangUp(code, reason);
    await this.#lease.release();
  }

  /** Passes on a batch that all sessions share, if this client has the right to it. */
  #feed(batch: Batch): void {
    const { rights } = this.exposure;
    if (batch.topic === 'err' && !rights.has('stderr')) return;
    if (batch.topic === 'out' && !rights.has('output')) return;
    this.#push(batch);
  }

  #push(batch: Batch): void {
    if (this.#life.closed) return;
    this.#session.push(batch);
    this.#balance();
  }

  /** Keeps what waits for the client within bounds. */
  #balance(): void {
    const { bufferBytes, windowBytes, pauses } = this.exposure;
    const { bytes } = this.#session;
    if (bytes < bufferBytes / 2) {
      this.#pause.unsubscribe();
      this.#isPatient = true;
    } else if (bytes >= bufferBytes) {
      if (pauses && this.#isPatient) this.#pauseProgram();
      else this.#session.trim(bufferBytes * 0.75);
    }
    // Not all can be paused: stderr is dropped; too many unread replies and rejections end the session.
    const limit = 2 * bufferBytes + windowBytes + 2 * this.#host.maxValueBytes;
    if (bytes <= limit) return;
    this.#session.trim(bufferBytes * 0.75);
    if (this.#session.bytes > limit) void this.end(CLOSE.busy, 'too much waits for this client');
  }

  #pauseProgram(): void {
    if (!this.#pause.closed) return;
    this.#pause = internalsOf(this.#lease.target as AnyWorker).pause.hold();
    this.#pause.add(
      this.#host.clock.after(this.exposure.maxPauseMs, () => {
        this.#isPatient = false;
        this.#pause.unsubscribe();
        this.#balance();
      }),
    );
  }

  #replied(id: number, reply: unknown): void {
    const message = [id, reply];
    let reason = 'the reply has no JSON';
    try {
      const measured = measure(message);
      if (measured.bytes <= this.#host.maxValueBytes) {
        this.#batcher.add('reply', message, measured);
        return;
      }
      reason = `the reply is larger than ${this.#host.maxValueBytes} bytes`;
    } catch {
      // As above.
    }
    this.#requests.fail(id, new RefusedError([], reason));
  }

  #deliver(topic: Topic, values: readonly unknown[]): void {
    for (const value of values) {
      if (this.#life.closed) return;
      if (topic === 'send') this.#send(value);
      else if (topic === 'eof') this.#endInput();
      else if (topic === 'do' || topic === 'ask') this.#requests.begin(topic, value);
      else if (topic === 'leave') this.#requests.leave(value);
      else throw breach('there is no such topic');
    }
  }

  #send(value: unknown): void {
    // Now, so that what has no JSON ends the line here, not inside of the queue.
    measure(value);
    const lost = (error: unknown): void => {
      if (!this.#life.closed) this.#batcher.add('rejected', [value, this.#redactor.error(error)]);
    };
    try {
      const worker = this.#requests.checkRight('send');
      this.#requests.checkValue(value);
      internalsOf(worker).input.push(value, { lost });
    } catch (error) {
      lost(error);
    }
  }

  #endInput(): void {
    try {
      this.#requests.checkRight('send').send.complete();
    } catch {
      // Without the right to send there is nothing to end.
    }
  }
}

/** 128 bits that cannot be guessed. */
function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
