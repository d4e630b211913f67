import { noop, type Subscriber } from 'rxjs';
import { fromErrorData, type ErrorData } from '../contract/errorData.js';
import { FramingError, messageOf } from '../contract/errors.js';
import { runGuarded } from '../rx/runGuarded.js';
import { ReplyOrder } from './ReplyOrder.js';
import type { Answer, ReplyMessage } from './ReplyMessage.js';

/** The client, as a pending request uses it. */
export interface Asker<Reply> {
  readonly subject: string;
  readonly silenceMs: number;
  decode(data: Uint8Array): Reply;
  /** It is over: nothing more of it is taken. */
  forget(request: PendingRequest<Reply>): void;
  /** Its reply will not be complete. */
  lost(request: PendingRequest<Reply>, reason: string): void;
}

/** A request that has no complete reply yet. */
export class PendingRequest<Reply> {
  /** The last token of where its replies go: another each time it is asked, so that late ones are nobody's. */
  id = '';
  /** The executions that earlier askings have used up. */
  spent = 0;
  isSent = false;
  /** The connection over which it was sent, or last seen to be there. */
  connection = 0;
  /** When the queue was made that it was put into. */
  created: string | undefined;
  /** Where it is in the queue, once the broker has confirmed it. */
  sequence: number | undefined;
  order = new ReplyOrder();
  cancelTimer = noop;
  #activeAt = 0;
  /** For how long it had been silent when the connection was lost. */
  #silentMs: number | undefined;

  constructor(
    readonly data: Uint8Array,
    readonly timeoutMs: number,
    /** The executions allowed in all. */
    readonly attempts: number,
    readonly subscriber: Subscriber<Reply>,
    readonly asker: Asker<Reply>,
  ) {}

  /** Whether it is executed once; that is allowed from here, to one worker. */
  get isOnce(): boolean {
    return this.attempts === 1;
  }

  /** Whether its one execution may have begun. */
  get isAllowed(): boolean {
    return this.isOnce && this.order.worker !== undefined;
  }

  /** It is about to be asked, for the first time or again. */
  renew(id: string): void {
    this.id = id;
    this.isSent = false;
    this.sequence = undefined;
    this.order = new ReplyOrder();
  }

  /** The request was sent, or its node has sent something. */
  noteActivity(): void {
    this.#activeAt = performance.now();
    this.#silentMs = undefined;
  }

  /** The connection is lost: until it is back, silence proves nothing. */
  connectionLost(): void {
    this.#silentMs ??= performance.now() - this.#activeAt;
  }

  /** Silence goes on from where it was, so that a connection that is lost again and again ends it, too. */
  connectionBack(): void {
    if (this.#silentMs === undefined) return;
    this.#activeAt = performance.now() - this.#silentMs;
    this.#silentMs = undefined;
  }

  isSilentFor(ms: number): boolean {
    return performance.now() - this.#activeAt > ms;
  }

  fail(error: unknown): void {
    this.asker.forget(this);
    runGuarded(() => this.subscriber.error(error));
  }

  /** Takes a message of a worker. @returns what the worker is to be answered, if anything. */
  receive(message: ReplyMessage, worker: string, data: Uint8Array): Answer | undefined {
    const { delivery, index, kind } = message;
    if (kind === 'returned') {
      this.order.release(worker);
      return undefined;
    }
    if (!this.#follows(message, worker)) return this.#refuse();
    if (!this.order.follow(worker, delivery)) return 'taken';
    this.noteActivity();
    if (kind === 'begin') return 'go';
    if (kind === 'alive') return undefined;
    if (this.order.isNext(index)) this.#take(kind, data);
    else this.asker.lost(this, 'lost a part of a reply');
    return undefined;
  }

  /** One that is executed once belongs to the first worker that asked to begin. */
  #follows({ kind }: ReplyMessage, worker: string): boolean {
    if (!this.isOnce) return true;
    return this.order.worker === undefined ? kind === 'begin' : this.order.worker === worker;
  }

  /** The broker gave it to another. The node that may execute it may only have been slow to send `alive`. */
  #refuse(): Answer {
    if (!this.isAllowed || !this.isSilentFor(this.asker.silenceMs)) return 'taken';
    this.asker.lost(this, 'lost a request: its node fell silent');
    return '';
  }

  #take(kind: ReplyMessage['kind'], data: Uint8Array): void {
    try {
      if (kind === 'error') {
        const error = JSON.parse(new TextDecoder().decode(data)) as ErrorData;
        this.fail(fromErrorData(this.asker.subject, error));
        return;
      }
      if (kind !== 'complete') {
        const value = this.asker.decode(data);
        // A subscriber that leaves at its last value takes nothing back.
        if (kind === 'last') this.asker.forget(this);
        this.subscriber.next(value);
      }
    } catch (cause) {
      const reason = `sent a reply that cannot be decoded: ${messageOf(cause)}`;
      this.fail(new FramingError([this.asker.subject], reason, { cause }));
      return;
    }
    if (kind === 'value') return;
    this.asker.forget(this);
    runGuarded(() => this.subscriber.complete());
  }
}
