import { randomUUID } from 'node:crypto';
import { createInbox, nanos, type Msg, type NatsConnection } from '@nats-io/nats-core';
import { BehaviorSubject, Subject, Subscription, type Observable } from 'rxjs';
import type { PoolStatus } from '../contract/Pool.js';
import type { Codec } from '../framing/codec.js';
import { decodeOne } from './decodeOne.js';
import { Delivery, type DeliveryHost, type Outcome, type Settlement } from './Delivery.js';
import { isInbox, readEnvelope, readPostmark } from './Envelope.js';
import { MAX_PENDING_BYTES, type QueueOptions } from './QueueOptions.js';
import { Pull } from './Pull.js';
import { Queue } from './Queue.js';
import { QueueSession } from './QueueSession.js';
import type { Service, ServiceStatus } from './Service.js';

/** How often a node shows that it is alive, within the time that it may be silent. */
const BEATS = 3;
/** How many given back deliveries are remembered, for an answer that comes too late. */
const MAX_REMEMBERED = 10_000;

const utf8 = new TextEncoder();

/** Takes requests from a queue as workers get idle, and has them executed. */
export class QueueService<In, Reply> implements Service, DeliveryHost<In, Reply> {
  readonly status$: BehaviorSubject<ServiceStatus>;
  readonly errors$ = new Subject<unknown>();
  readonly execute: (request: In, allowedMs: number) => Observable<Reply>;
  readonly #options: QueueOptions;
  readonly #connection: NatsConnection;
  readonly #codec: Codec<In, Reply>;
  readonly #queue: Queue;
  readonly #session: QueueSession;
  readonly #control: string;
  readonly #resources = new Subscription();
  /** The deliveries on this node, by the last token of their control subject. */
  readonly #deliveries = new Map<string, Delivery<In, Reply>>();
  /** Given back before they began, the oldest first. */
  readonly #givenBack = new Set<string>();
  readonly #counts = { replied: 0, failed: 0, returned: 0, abandoned: 0 };
  /** Workers that no request of the pool's own line waits for. */
  #idle = 0;
  /** Deliveries that wait for their asker: a worker is kept for each. */
  #unbegun = 0;
  #heldBytes = 0;
  #pull: Pull | undefined;
  #beating: ReturnType<typeof setInterval> | undefined;
  #beatsDown = 0;
  #isUpdating = false;
  #isStopped = false;
  #drained: (() => void) | undefined;
  #stopping: Promise<void> | undefined;

  constructor(
    options: QueueOptions,
    codec: Codec<In, Reply>,
    poolStatus$: Observable<PoolStatus>,
    execute: (request: In, allowedMs: number) => Observable<Reply>,
  ) {
    const { connection, inboxPrefix } = options;
    this.execute = execute;
    this.#options = options;
    this.#connection = connection;
    this.#codec = codec;
    this.#queue = new Queue(options);
    this.#control = `${createInbox(inboxPrefix)}.`;
    this.#session = new QueueSession(connection, this.#queue, {
      ready: () => this.#begin(),
      lost: () => this.#lost(),
      failed: (error) => this.errors$.next(error),
      refused: (subject, message) => {
        if (subject === this.#queue.nextSubject) this.errors$.next(new Error(message));
      },
      closed: () => this.#close(),
    });
    this.status$ = new BehaviorSubject(this.#status());
    this.#subscribe();
    this.#resources.add(
      poolStatus$.subscribe(({ idle, waiting }) => {
        this.#idle = idle - waiting;
        this.#update();
      }),
    );
  }

  get isUp(): boolean {
    return this.#session.isUp;
  }

  get maxPayload(): number {
    return this.#connection.info?.max_payload ?? Infinity;
  }

  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  decode(data: Uint8Array): In {
    return decodeOne(this.#codec, data);
  }

  encode(reply: Reply): Uint8Array {
    const data = this.#codec.encode(reply);
    return typeof data === 'string' ? utf8.encode(data) : data;
  }

  publish(subject: string, data: string | Uint8Array, reply?: string): void {
    if (!this.isUp) return;
    try {
      this.#connection.publish(subject, data, reply === undefined ? undefined : { reply });
    } catch (error) {
      this.errors$.next(error); // It is being closed.
    }
  }

  hold(bytes: number): boolean {
    const { maxPendingBytes = MAX_PENDING_BYTES } = this.#options;
    if (this.#heldBytes + bytes > maxPendingBytes) return false;
    this.#heldBytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#heldBytes -= bytes;
  }

  begun(): void {
    this.#unbegun--;
  }

  failed(error: unknown): void {
    this.errors$.next(error);
  }

  settle(delivery: Delivery<In, Reply>, outcome: Outcome, settlement: Settlement): void {
    const token = delivery.control.slice(this.#control.length);
    this.#deliveries.delete(token);
    if (!delivery.hasBegun) {
      this.#unbegun--;
      this.#remember(token);
    }
    this.#counts[outcome]++;
    this.#acknowledge(delivery, settlement);
    this.#update();
    if (this.#deliveries.size === 0) this.#drained?.();
  }

  #acknowledge({ acknowledge }: Delivery<In, Reply>, settlement: Settlement): void {
    if (settlement === 'again') this.publish(acknowledge, '-NAK');
    if (settlement === 'later') {
      const delay = nanos(this.#queue.silenceMs);
      this.publish(acknowledge, `-NAK ${JSON.stringify({ delay })}`);
    }
    if (settlement !== 'done') return;
    const room = this.#room;
    if (this.#pull && room > 0 && this.isUp) this.#pull.acknowledgeAndAsk(acknowledge, room);
    else this.publish(acknowledge, '+ACK');
  }

  /** How many more requests can be pulled from the broker. */
  get #room(): number {
    if (!this.#session.isReady || this.#stopping || !this.#pull) return 0;
    return this.#idle - this.#unbegun - this.#pull.offered;
  }

  #subscribe(): void {
    const own = this.#connection.subscribe(`${this.#control}*`, {
      callback: (error, msg) => {
        if (error) this.errors$.next(error);
        else this.#answered(msg);
      },
    });
    const cancels = this.#connection.subscribe(this.#queue.cancelSubject, {
      callback: (error, msg) => {
        if (error) this.errors$.next(error);
        else this.#cancelled(msg.string());
      },
    });
    this.#resources.add(() => own.unsubscribe());
    this.#resources.add(() => cancels.unsubscribe());
    this.#resources.add(() => clearInterval(this.#beating));
    this.#resources.add(() => this.#session.stop());
  }

  /** The queue is there, at first or again. */
  #begin(): void {
    clearInterval(this.#beating);
    this.#beating = setInterval(() => this.#beat(), this.#queue.silenceMs / BEATS);
    this.#renewPull();
    for (const delivery of [...this.#deliveries.values()]) delivery.connectionBack();
    this.#update();
  }

  #lost(): void {
    void this.#pull?.retire();
    this.#pull = undefined;
    for (const delivery of this.#deliveries.values()) delivery.connectionLost();
    this.#update();
  }

  #renewPull(): void {
    void this.#pull?.retire();
    this.#pull = new Pull(this.#connection, this.#queue, this.#options.inboxPrefix, {
      request: (msg) => this.#open(msg),
      expired: () => this.#update(),
      failed: () => this.#session.renew(),
    });
  }

  /** Offers as many workers as are idle, and withdraws what is offered beyond; after all else that happens now. */
  #update(): void {
    if (this.#isUpdating || this.#isStopped) return;
    this.#isUpdating = true;
    queueMicrotask(() => {
      this.#isUpdating = false;
      if (this.#isStopped) return;
      // A worker that is idle no more, because it is starting again, must not be promised to anyone.
      if (this.#room < 0 && this.#pull?.offered) this.#renewPull();
      if (this.#room > 0) this.#pull?.ask(this.#room);
      this.status$.next(this.#status());
    });
  }

  #status(): ServiceStatus {
    const [underWay, offered] = [this.#deliveries.size, this.#pull?.offered ?? 0];
    return { state: this.#state, underWay, offered, ...this.#counts };
  }

  get #state(): ServiceStatus['state'] {
    if (this.#isStopped) return 'stopped';
    if (this.#stopping) return 'stopping';
    return this.#session.isReady ? 'serving' : 'connecting';
  }

  #open(msg: Msg): void {
    const postmark = readPostmark(msg);
    if (!postmark) return; // It did not come from the queue.
    const envelope = readEnvelope(msg.headers);
    if (!envelope) {
      this.#counts.failed++;
      this.errors$.next(new TypeError(`${this.#queue.subject}: a request without sound headers`));
      this.publish(postmark.acknowledge, '+ACK');
      this.#update();
      return;
    }
    if (this.#idle - this.#unbegun < 1) {
      // Its worker has just ended: another node may have an idle one.
      this.#counts.returned++;
      this.publish(postmark.acknowledge, '-NAK');
      this.#update();
      return;
    }
    const token = randomUUID();
    const control = this.#control + token;
    const delivery = new Delivery<In, Reply>(this, envelope, postmark, control, msg.data);
    this.#deliveries.set(token, delivery);
    this.#unbegun++;
    this.#update();
    delivery.open();
  }

  #answered(msg: Msg): void {
    const token = msg.subject.slice(this.#control.length);
    const delivery = this.#deliveries.get(token);
    const answer = msg.string();
    if (!delivery) {
      const { reply = '' } = msg;
      if (answer === 'go' && this.#givenBack.has(token) && isInbox(reply)) this.publish(reply, '');
    } else if (msg.headers?.code === 503) {
      delivery.unanswered();
    } else if (answer === 'go' || answer === 'taken' || answer === '') {
      delivery.answered(answer);
    }
  }

  #cancelled(replyTo: string): void {
    for (const delivery of this.#deliveries.values()) {
      if (delivery.replyTo === replyTo) delivery.drop('done');
    }
  }

  #remember(token: string): void {
    this.#givenBack.add(token);
    const [oldest] = this.#givenBack;
    if (this.#givenBack.size > MAX_REMEMBERED && oldest) this.#givenBack.delete(oldest);
  }

  #beat(): void {
    this.#beatsDown = this.isUp ? 0 : this.#beatsDown + 1;
    if (!this.isUp) {
      // By now the broker has given them to other nodes.
      const isInVain = this.#stopping && this.#beatsDown > BEATS;
      if (isInVain) for (const delivery of [...this.#deliveries.values()]) delivery.drop('none');
      return;
    }
    for (const delivery of [...this.#deliveries.values()]) {
      this.publish(delivery.acknowledge, '+WPI');
      delivery.beat();
    }
    if (this.#pull?.missesHeartbeats) this.#session.renew();
  }

  async #stop(): Promise<void> {
    this.#update();
    // Requests on their way here have workers reserved for them.
    await this.#pull?.retire();
    while (this.#deliveries.size > 0) {
      await new Promise<void>((done) => (this.#drained = done));
    }
    if (this.isUp) await this.#connection.flush().catch(() => undefined);
    this.#end();
  }

  /** The connection was closed: nobody can be answered any more. */
  #close(): void {
    this.#stopping ??= Promise.resolve();
    for (const delivery of [...this.#deliveries.values()]) delivery.drop('none');
    this.#end();
  }

  #end(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#resources.unsubscribe();
    this.status$.next(this.#status());
    this.status$.complete();
    this.errors$.complete();
  }
}
