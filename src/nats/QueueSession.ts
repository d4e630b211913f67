import { JetStreamApiError } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { messageOf, SimpleIpcError } from '../contract/errors.js';
import { ConnectionWatch } from './ConnectionWatch.js';
import type { Queue } from './Queue.js';

/** How long until a queue that is not there is looked for again, in milliseconds. */
const RETRY_MS = 250;

/** The events between a client or node and its queue. */
export interface SessionEvents {
  /** The connection is there, and so is the queue: at first, and after each loss. */
  ready(): void;
  /** The connection, or the queue, was lost; `ready` follows. */
  lost(): void;
  /** The broker objects to the queue as it is configured; it is tried again. */
  failed(error: Error): void;
  /** The account may not publish to that subject. */
  refused(subject: string, message: string): void;
  /** The connection was closed. */
  closed(reason: string): void;
}

/** Keeps the queue of one end prepared, through all losses of the connection and of the broker. */
export class QueueSession {
  isReady = false;
  readonly #queue: Queue;
  readonly #events: SessionEvents;
  readonly #watch: ConnectionWatch;
  /** The connection for which the queue is being prepared. */
  #preparing: number | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #warned: string | undefined;
  #isOver = false;

  constructor(connection: NatsConnection, queue: Queue, events: SessionEvents) {
    this.#queue = queue;
    this.#events = events;
    this.#watch = new ConnectionWatch(connection, {
      lost: () => this.#lost(),
      back: () => void this.#prepare(),
      closed: (reason) => {
        this.stop();
        events.closed(reason);
      },
      refused: (subject, message) => events.refused(subject, message),
    });
    void this.#prepare();
  }

  /** Changes with each loss and return of the connection. */
  get number(): number {
    return this.#watch.number;
  }

  get isUp(): boolean {
    return this.#watch.isUp;
  }

  /** The queue is gone, or does not respond: it is prepared anew. */
  renew(): void {
    if (!this.isReady || this.#isOver) return;
    this.#lost();
    this.#later();
  }

  stop(): void {
    this.#isOver = true;
    this.isReady = false;
    clearTimeout(this.#retry);
    this.#watch.stop();
  }

  #lost(): void {
    const wasReady = this.isReady;
    this.isReady = false;
    if (wasReady) this.#events.lost();
  }

  #later(): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#prepare(), RETRY_MS);
  }

  async #prepare(): Promise<void> {
    const { number } = this;
    if (this.#preparing === number || !this.isUp) return;
    this.#preparing = number;
    const error: unknown = await this.#queue.prepare().then(
      () => undefined,
      (reason: unknown) => reason ?? 'no reason',
    );
    // The result of a check from before the connection was lost is out of date.
    if (number !== this.number || this.#isOver) return;
    this.#preparing = undefined;
    if (error === undefined) {
      this.isReady = true;
      this.#warned = undefined;
      this.#events.ready();
      return;
    }
    this.#warn(error);
    this.#later();
  }

  #warn(reason: unknown): void {
    const { subject } = this.#queue;
    const error =
      reason instanceof SimpleIpcError
        ? reason
        : new SimpleIpcError([subject], `has no queue: ${messageOf(reason)}`, { cause: reason });
    if (error === reason || isOfConfiguration(reason)) this.#events.failed(error);
    if (this.#warned === error.message) return;
    this.#warned = error.message;
    process.emitWarning(`${error.message}; it is tried again`, 'SimpleIpcWarning');
  }
}

/** Whether another attempt meets the same objection. */
function isOfConfiguration(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.status >= 400 && error.status < 500;
}
