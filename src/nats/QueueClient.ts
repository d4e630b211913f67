import { createInbox, type Msg, type NatsConnection, type Subscription } from '@nats-io/nats-core';
import { Observable } from 'rxjs';
import {
  InputOverflowError,
  LineBreakError,
  messageOf,
  NotRunningError,
  RequestLostError,
  SimpleIpcError,
} from '../contract/errors.js';
import type { RemotePool } from '../contract/RemotePool.js';
import type { RequestLimits } from '../contract/RequestLimits.js';
import { RequestTracer } from '../contract/RequestTracer.js';
import { channels } from '../run/channels.js';
import { askTargets, type RemoteTarget } from '../exchange/AskTarget.js';
import type { Codec } from '../framing/codec.js';
import { LineBreak } from '../framing/lines.js';
import { systemClock } from '../rx/clock.js';
import { decodeOne } from './decodeOne.js';
import { isInbox, writeEnvelope } from './Envelope.js';
import { PendingRequest, type Asker } from './PendingRequest.js';
import { Queue, type QueueStatus } from './Queue.js';
import type { QueueOptions } from './QueueOptions.js';
import { QueueSession } from './QueueSession.js';
import { readReplySubject, replySubject } from './ReplyMessage.js';

/** How long a reply may still be on its way when its request has left the queue, in milliseconds. */
const LAST_LOOK_MS = 250;
/** A request that vanishes this often, without a cut that explains it, is given up. */
const MAX_VANISHINGS = 3;

const utf8 = new TextEncoder();

/** Puts requests into a queue, and pairs what comes back with them. */
export class QueueClient<In, Reply>
  implements RemotePool<In, Reply>, RemoteTarget<In, Reply>, Asker<Reply>
{
  readonly isRemote = true;
  /** How many requests `exchange` has under way or queued at a time, by default. */
  readonly size = 64;
  readonly tracer: RequestTracer;
  readonly #connection: NatsConnection;
  readonly #codec: Codec<Reply, In>;
  readonly #queue: Queue;
  readonly #session: QueueSession;
  readonly #inbox: string;
  readonly #replies: Subscription;
  readonly #pending = new Map<string, PendingRequest<Reply>>();
  /** Taken back before the broker had confirmed them. */
  readonly #takenBack = new Set<string>();
  #asked = 0;
  /** When the queue was made: another time means that the broker lost the one before. */
  #created: string | undefined;
  #looking: ReturnType<typeof setInterval> | undefined;
  /** Why nothing more is asked. */
  #end: SimpleIpcError | undefined;
  #drained: (() => void) | undefined;

  constructor(options: QueueOptions, codec: Codec<Reply, In>) {
    const { connection, inboxPrefix } = options;
    this.#connection = connection;
    this.#codec = codec;
    this.#inbox = `${createInbox(inboxPrefix)}.`;
    askTargets.set(this, this);
    this.#queue = new Queue(options);
    this.tracer = new RequestTracer(channels.exchange, this.subject, [this.subject]);
    this.#replies = connection.subscribe(`${this.#inbox}>`, {
      callback: (error, msg) => {
        if (error) this.#close(`cannot receive replies: ${error.message}`);
        else this.#receive(msg);
      },
    });
    this.#session = new QueueSession(connection, this.#queue, {
      ready: () => void this.#resume(),
      lost: () => {
        this.#takenBack.clear();
        for (const pending of this.#pending.values()) pending.connectionLost();
      },
      failed: (error) => this.#failUnsent(error),
      refused: (subject, message) => {
        if (subject === this.subject) this.#failUnconfirmed(message);
      },
      closed: (reason) => this.#close(`has no connection: ${reason}`),
    });
  }

  get subject(): string {
    return this.#queue.subject;
  }

  get silenceMs(): number {
    return this.#queue.silenceMs;
  }

  ask(request: In, { timeoutMs, attempts }: RequestLimits): Observable<Reply> {
    return new Observable((subscriber) => {
      if (this.#end) throw this.#end;
      const data = this.#encode(request);
      const pending = new PendingRequest(data, timeoutMs, attempts, subscriber, this);
      this.#askAnew(pending);
      return () => this.#takeBack(pending);
    });
  }

  status(): Promise<QueueStatus> {
    return this.#queue.status();
  }

  async stop(): Promise<void> {
    this.#end ??= new NotRunningError([this.subject], 'is stopped here');
    while (this.#pending.size > 0) await new Promise<void>((done) => (this.#drained = done));
    this.#session.stop();
    this.#replies.unsubscribe();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  decode(data: Uint8Array): Reply {
    return decodeOne(this.#codec, data);
  }

  forget(pending: PendingRequest<Reply>): boolean {
    pending.cancelTimer();
    if (!this.#pending.delete(pending.id)) return false;
    if (this.#pending.size > 0) return true;
    clearInterval(this.#looking);
    this.#looking = undefined;
    this.#drained?.();
    return true;
  }

  /**
   * It is asked again if it may be: one that was never allowed to begin was never executed.
   *
   * @param isCut - whether a lost connection explains it; that uses up no attempt.
   */
  lost(pending: PendingRequest<Reply>, reason: string, isCut = false): void {
    const { isOnce, isAllowed, order } = pending;
    const attempts = isOnce ? MAX_VANISHINGS : pending.attempts;
    this.#takeBack(pending);
    pending.spent += Math.max(order.delivery, isCut ? 0 : 1);
    if (!isAllowed && pending.spent < attempts) this.#askAnew(pending);
    else pending.fail(new RequestLostError([this.subject], reason));
  }

  #encode(request: In): Uint8Array {
    let data: string | Uint8Array;
    try {
      data = this.#codec.encode(request);
    } catch (error) {
      if (!(error instanceof LineBreak)) throw error;
      throw new LineBreakError([this.subject], `was not sent a request: ${error.message}`);
    }
    const bytes = typeof data === 'string' ? utf8.encode(data) : data;
    this.#checkSize(bytes.length);
    return bytes;
  }

  #checkSize(bytes: number): void {
    const { max_payload: most = Infinity } = this.#connection.info ?? {};
    if (bytes <= most) return;
    const reason = `was not sent a request of ${bytes} bytes: the broker's max_payload is ${most}`;
    throw new InputOverflowError([this.subject], reason);
  }

  #askAnew(pending: PendingRequest<Reply>): void {
    pending.renew(String(this.#asked++));
    this.#pending.set(pending.id, pending);
    this.#looking ??= setInterval(() => void this.#lookAfter(), this.silenceMs);
    if (this.#session.isReady) this.#send(pending);
  }

  #send(pending: PendingRequest<Reply>): void {
    const { id, data, timeoutMs, isOnce, attempts, spent } = pending;
    const replyTo = this.#inbox + id;
    pending.isSent = true;
    pending.connection = this.#session.number;
    pending.created = this.#created;
    pending.noteActivity();
    try {
      // The broker's receipt comes to the same inbox.
      this.#connection.publish(this.subject, data, {
        headers: writeEnvelope({
          replyTo,
          attempts: isOnce ? undefined : attempts - spent,
          timeoutMs,
        }),
        reply: replyTo,
      });
    } catch (error) {
      pending.fail(
        new InputOverflowError([this.subject], `was not sent a request: ${messageOf(error)}`),
      );
    }
  }

  #receive(msg: Msg): void {
    const tokens = msg.subject.slice(this.#inbox.length).split('.');
    const [id = ''] = tokens;
    const pending = this.#pending.get(id);
    if (tokens.length === 1) {
      this.#takeReceipt(id, pending, msg);
      return;
    }
    const message = readReplySubject(tokens);
    const { reply: worker = '' } = msg;
    // Nothing is published on a stranger's word.
    if (!message || !isInbox(worker)) return;
    const answer = pending ? pending.receive(message, worker, msg.data) : '';
    if (answer === undefined) return;
    const { delivery } = message;
    const returned = { delivery, index: 0, kind: 'returned' } as const;
    this.#connection.publish(worker, answer, { reply: replySubject(this.#inbox + id, returned) });
  }

  #takeReceipt(id: string, pending: PendingRequest<Reply> | undefined, msg: Msg): void {
    if (msg.headers?.code === 503) {
      // The queue went with its broker, or nobody has made it yet.
      if (pending) pending.isSent = false;
      this.#session.renew();
      return;
    }
    const { sequence, refusal } = readReceipt(msg);
    const isTakenBack = this.#takenBack.delete(id);
    if (sequence !== undefined) {
      if (pending) pending.sequence = sequence;
      else if (isTakenBack) this.#queue.remove(sequence);
    } else if (pending && refusal !== undefined) {
      const reason = `was not sent a request: ${refusal}`;
      pending.fail(new InputOverflowError([this.subject], reason));
    }
  }

  /** Takes it out of the queue, or has its node let go of it. */
  #takeBack(pending: PendingRequest<Reply>): void {
    if (!this.forget(pending) || !pending.isSent || !this.#session.isUp) return;
    const { id, order, sequence, connection } = pending;
    if (order.worker !== undefined) {
      this.#connection.publish(order.worker);
      return;
    }
    this.#connection.publish(this.#queue.cancelSubject, this.#inbox + id);
    // In another queue the number would be another's.
    if (connection !== this.#session.number) return;
    if (sequence === undefined) this.#takenBack.add(id);
    else this.#queue.remove(sequence);
  }

  /** The queue is there, at first or again. */
  async #resume(): Promise<void> {
    const { number } = this.#session;
    const progress = await this.#queue.progress().catch(() => undefined);
    if (number !== this.#session.number) return;
    if (progress) this.#created = progress.created;
    for (const pending of [...this.#pending.values()]) {
      if (!pending.isSent) this.#send(pending);
      pending.connectionBack();
      if (pending.connection === number) continue;
      pending.connection = number;
      // Its worker comes back, too, and asks whether it may go on.
      if (pending.order.worker !== undefined) continue;
      if (pending.sequence === undefined) this.lost(pending, 'was cut off from a request', true);
      else if (progress && progress.created !== pending.created) this.#vanished(pending, true);
      else if (!progress || pending.sequence <= progress.delivered) this.#lookFor(pending, true);
    }
  }

  /** Looks up requests that have been silent for too long: a request that is no longer at the broker is repeated or fails. */
  async #lookAfter(): Promise<void> {
    const { isReady, number } = this.#session;
    if (!isReady) return;
    const silent = [...this.#pending.values()].filter((each) => each.isSilentFor(this.silenceMs));
    for (const pending of silent) {
      if (pending.isAllowed) {
        const isLost = pending.isSilentFor(2 * this.silenceMs);
        if (isLost) this.lost(pending, 'lost a request: its node fell silent');
      } else if (pending.sequence === undefined) this.#send(pending);
    }
    if (!silent.some((each) => this.#isQueued(each))) return;
    const progress = await this.#queue.progress().catch(() => undefined);
    if (!progress || number !== this.#session.number) return;
    this.#created = progress.created;
    for (const pending of silent.filter((each) => this.#isQueued(each))) {
      const { created, sequence = 0 } = pending;
      const waits = created === progress.created && sequence > progress.delivered;
      if (!waits) this.#lookFor(pending, false);
    }
  }

  /** Whether it is at the broker, as far as is known. */
  #isQueued(pending: PendingRequest<Reply>): boolean {
    return this.#isPending(pending) && !pending.isAllowed && pending.sequence !== undefined;
  }

  #isPending(pending: PendingRequest<Reply>): boolean {
    return this.#pending.get(pending.id) === pending;
  }

  #lookFor(pending: PendingRequest<Reply>, isCut: boolean): void {
    const { id, sequence = 0 } = pending;
    const { number } = this.#session;
    // After a failed look-up the request counts as there; the next look-up decides.
    const found = this.#queue.has(sequence, this.#inbox + id).catch(() => true);
    void found.then((isThere) => {
      const isCurrent = number === this.#session.number && this.#isPending(pending);
      if (!isThere && isCurrent && pending.id === id) this.#vanished(pending, isCut);
    });
  }

  /** It has left the queue. If a node has answered it, that arrives now. */
  #vanished(pending: PendingRequest<Reply>, isCut: boolean): void {
    pending.cancelTimer();
    pending.cancelTimer = systemClock.after(LAST_LOOK_MS, () => {
      // A worker that has come forward meanwhile is at it.
      if (!pending.isSilentFor(LAST_LOOK_MS)) return;
      this.lost(pending, 'lost a request: it left the queue, and no reply came', isCut);
    });
  }

  #failUnsent(error: Error): void {
    for (const pending of [...this.#pending.values()]) if (!pending.isSent) pending.fail(error);
  }

  #failUnconfirmed(message: string): void {
    const error = new SimpleIpcError([this.subject], `may not be asked: ${message}`);
    for (const pending of [...this.#pending.values()]) {
      if (pending.isSent && pending.sequence === undefined) pending.fail(error);
    }
  }

  #close(reason: string): void {
    this.#end = new NotRunningError([this.subject], reason);
    for (const pending of [...this.#pending.values()]) {
      const mayHaveBegun = pending.isSent && (pending.isAllowed || !pending.isOnce);
      pending.fail(mayHaveBegun ? new RequestLostError([this.subject], reason) : this.#end);
    }
    this.#session.stop();
  }
}

/** The broker's acknowledgement of a request. */
interface Receipt {
  readonly sequence?: number;
  readonly refusal?: string;
}

function readReceipt(msg: Msg): Receipt {
  try {
    const { seq, error } = msg.json<{ seq?: number; error?: { description: string } }>();
    if (error) return { refusal: error.description };
    return typeof seq === 'number' ? { sequence: seq } : {};
  } catch {
    return {}; // Not an acknowledgement of the broker.
  }
}
