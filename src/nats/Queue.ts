import {
  JetStreamApiCodes,
  JetStreamApiError,
  jetstreamManager,
  type ConsumerInfo,
  type JetStreamManager,
} from '@nats-io/jetstream';
import { millis, nanos, type NatsConnection } from '@nats-io/nats-core';
import { SimpleIpcError } from '../contract/errors.js';
import { isViolation } from './ConnectionWatch.js';
import { REPLY_TO } from './Envelope.js';
import { MAX_PENDING_BYTES, type QueueOptions } from './QueueOptions.js';

const CONSUMER = 'pool';
/** A broker that does not answer within this is asked again later, in milliseconds. */
const API_TIMEOUT_MS = 2_000;
/** A request that is sent again within this is stored once. */
const DUPLICATE_WINDOW_MS = 30_000;
/** The pulls that may wait: one or more per node, at most one per idle worker. */
const MAX_PULLS = 16_384;
const NOT_FOUND: readonly number[] = [
  JetStreamApiCodes.StreamNotFound,
  JetStreamApiCodes.ConsumerNotFound,
];
/** There is a stream, or a consumer, of that name with another configuration. */
const EXISTS_OTHERWISE: readonly number[] = [10058, 10148];

/** The state of a queue at the broker. */
export interface QueueStatus {
  /** Pulls that wait for a request; 0 means that no node has an idle worker. */
  readonly pulling: number;
  /** Requests that nodes have taken and not yet answered. */
  readonly busy: number;
  /** Requests that wait for a node. */
  readonly waiting: number;
}

/** How far the queue has come. */
export interface QueueProgress {
  /** Another time means another queue: the broker has lost the one before, with all that waited in it. */
  readonly created: string;
  /** The sequence of the last request delivered; later ones wait. */
  readonly delivered: number;
}

/** The requests that wait at the broker: a stream, and the consumer that hands them out. */
export class Queue {
  readonly subject: string;
  readonly stream: string;
  /** Where a request is taken back, by where its replies would go. */
  readonly cancelSubject: string;
  /** Where the next requests are asked for. */
  readonly nextSubject: string;
  readonly #connection: NatsConnection;
  readonly #options: QueueOptions;
  #silenceMs: number;
  #manager: Promise<JetStreamManager> | undefined;

  constructor(options: QueueOptions) {
    const { connection, subject, silenceMs = 5_000 } = options;
    const { stream = subject.replaceAll('.', '-') } = options;
    this.#connection = connection;
    this.#options = options;
    this.#silenceMs = silenceMs;
    this.subject = subject;
    this.stream = stream;
    this.cancelSubject = `${subject}.cancel`;
    this.nextSubject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${CONSUMER}`;
  }

  /** How long a node may be silent: as the broker has it, once that is known. */
  get silenceMs(): number {
    return this.#silenceMs;
  }

  /** Finds the queue, or makes it. @throws what the broker objects to. */
  async prepare(): Promise<void> {
    const info = await this.#info().catch((error: unknown) =>
      isNotFound(error) ? this.#create() : unlessRefused(error),
    );
    await this.#checkSubject();
    if (info?.config.ack_wait) this.#silenceMs = millis(info.config.ack_wait);
  }

  /** Two subjects may lead to one name of a stream. */
  async #checkSubject(): Promise<void> {
    const { streams } = await this.#manage();
    const subjects = await streams
      .info(this.stream)
      .then(({ config }) => config.subjects, unlessRefused);
    if (!subjects || subjects.includes(this.subject)) return;
    const reason = `has no queue: the stream ${this.stream} is that of ${subjects.join(', ')}`;
    throw new SimpleIpcError([this.subject], reason);
  }

  async progress(): Promise<QueueProgress> {
    const { created, delivered } = await this.#info();
    return { created, delivered: delivered.stream_seq };
  }

  async status(): Promise<QueueStatus> {
    const { num_waiting, num_ack_pending, num_pending } = await this.#info();
    return { pulling: num_waiting, busy: num_ack_pending, waiting: num_pending };
  }

  /** Whether a request is still there: it waits, or a node is at it. */
  async has(sequence: number, replyTo: string): Promise<boolean> {
    const { streams } = await this.#manage();
    const message = await streams.getMessage(this.stream, { seq: sequence });
    return message?.header.get(REPLY_TO) === replyTo;
  }

  /** Takes out a request. An account that may not do that leaves it to the node that gets it. */
  remove(sequence: number): void {
    const payload = JSON.stringify({ seq: sequence, no_erase: true });
    this.#connection.publish(`$JS.API.STREAM.MSG.DELETE.${this.stream}`, payload);
  }

  async #info(): Promise<ConsumerInfo> {
    const { consumers } = await this.#manage();
    return consumers.info(this.stream, CONSUMER);
  }

  async #create(): Promise<ConsumerInfo | undefined> {
    const { storage = 'memory', replicas = 1, maxPendingBytes = MAX_PENDING_BYTES } = this.#options;
    const { streams, consumers } = await this.#manage();
    const stream = streams.add({
      name: this.stream,
      subjects: [this.subject],
      retention: 'workqueue',
      discard: 'new',
      storage,
      num_replicas: replicas,
      max_bytes: maxPendingBytes === Infinity ? -1 : maxPendingBytes,
      duplicate_window: nanos(DUPLICATE_WINDOW_MS),
    });
    await stream.catch(unlessItExists);
    const consumer = consumers.add(this.stream, {
      durable_name: CONSUMER,
      ack_policy: 'explicit',
      ack_wait: nanos(this.#silenceMs),
      max_ack_pending: -1,
      max_waiting: MAX_PULLS,
    });
    return consumer.catch(unlessItExists);
  }

  #manage(): Promise<JetStreamManager> {
    return (this.#manager ??= jetstreamManager(this.#connection, {
      checkAPI: false,
      timeout: API_TIMEOUT_MS,
    }));
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof JetStreamApiError && NOT_FOUND.includes(error.code);
}

/** Ignores a lack of permission: such an account does without the answer. */
function unlessRefused(error: unknown): undefined {
  const isRefused = error instanceof Error && (isViolation(error) || isViolation(error.cause));
  if (!isRefused) throw error;
  return undefined;
}

/** An end that finds it made otherwise takes it as it is. */
function unlessItExists(error: unknown): undefined {
  const exists = error instanceof JetStreamApiError && EXISTS_OTHERWISE.includes(error.code);
  if (!exists) unlessRefused(error);
  return undefined;
}
