import {
  createInbox,
  nanos,
  type Msg,
  type NatsConnection,
  type Subscription,
} from '@nats-io/nats-core';
import type { Queue } from './Queue.js';

/** How long the broker keeps a pull, in milliseconds; then it is made anew. */
const EXPIRES_MS = 30_000;
/** How often the broker shows that it still keeps one, in milliseconds. */
const HEARTBEAT_MS = 5_000;

/** The events of a pull. */
export interface PullEvents {
  request(msg: Msg): void;
  /** An offer expired: there may be another. */
  expired(): void;
  /** The queue has lost its consumer, or takes no more pulls. */
  failed(): void;
}

/** Asks the broker for requests, which come to an inbox of its own. */
export class Pull {
  /** How many requests may still come. */
  offered = 0;
  readonly #connection: NatsConnection;
  readonly #queue: Queue;
  readonly #events: PullEvents;
  readonly #inbox: string;
  readonly #subscription: Subscription;
  #receivedAt = 0;

  constructor(
    connection: NatsConnection,
    queue: Queue,
    inboxPrefix: string | undefined,
    events: PullEvents,
  ) {
    this.#connection = connection;
    this.#queue = queue;
    this.#events = events;
    this.#inbox = createInbox(inboxPrefix);
    this.#subscription = connection.subscribe(this.#inbox, {
      callback: (error, msg) => {
        if (error) events.failed();
        else this.#receive(msg);
      },
    });
  }

  /** Whether heartbeats of the broker are missing. */
  get missesHeartbeats(): boolean {
    return this.offered > 0 && performance.now() - this.#receivedAt > 2.5 * HEARTBEAT_MS;
  }

  /** Asks for that many requests more. */
  ask(count: number): void {
    this.#connection.publish(this.#queue.nextSubject, this.#body(count), { reply: this.#inbox });
  }

  /** The same, by the message that acknowledges one. */
  acknowledgeAndAsk(acknowledge: string, count: number): void {
    this.#connection.publish(acknowledge, `+NXT ${this.#body(count)}`, { reply: this.#inbox });
  }

  /** Withdraws what was offered. What is on its way still comes; settles when it has. */
  async retire(): Promise<void> {
    this.offered = 0;
    await this.#subscription.drain().catch(() => undefined);
  }

  #body(batch: number): string {
    if (this.offered === 0) this.#receivedAt = performance.now();
    this.offered += batch;
    const [expires, heartbeat] = [nanos(EXPIRES_MS), nanos(HEARTBEAT_MS)];
    return JSON.stringify({ batch, expires, idle_heartbeat: heartbeat });
  }

  #receive(msg: Msg): void {
    this.#receivedAt = performance.now();
    if (msg.reply) {
      if (this.offered > 0) this.offered--;
      this.#events.request(msg);
      return;
    }
    const { headers } = msg;
    if (headers?.code === 408) {
      const unused = Number(headers.get('Nats-Pending-Messages')) || 0;
      this.offered = Math.max(0, this.offered - unused);
      this.#events.expired();
    } else if (headers?.code !== 100) {
      this.#events.failed();
    }
  }
}
