import type { CommandWords } from './errors.js';
import type { Exit } from './exit.js';
import type { ReactiveWorker } from './ReactiveWorker.js';
import type { WorkerStatus } from './status.js';

/** The source of an event. */
interface ChannelMessage {
  /** The `name` option, by default the base name of the executable: of few values, fit for a label. */
  readonly name: string;
  /** The program and its arguments, which may be secret. The list is the same object for all of one worker or pool. */
  readonly command: CommandWords;
}

/**
 * A run, on `tracing:simple-ipc:run:start` when it is spawned, `:asyncEnd` when it is over, and `:error` before that if it
 * failed: the same object each time.
 */
export interface RunMessage extends ChannelMessage {
  /** The number of the run, from 1. */
  readonly generation: number;
  /** Absent if the system refused to start it. */
  readonly pid?: number;
  /** How it ended. */
  readonly result?: Exit;
  /** Why it failed. */
  readonly error?: unknown;
}

/**
 * A request, on `tracing:simple-ipc:exchange:start` when it is made, which may be long before it is written,
 * `:asyncEnd` when its reply is complete, and `:error` before that if it failed: the same object each time.
 */
export interface ExchangeMessage extends ChannelMessage {
  /** The request. It may be secret, or large. */
  readonly request: unknown;
  /** How it ended: `left` if it was unsubscribed. */
  readonly outcome?: 'replied' | 'failed' | 'left';
  /** The last value of the reply. */
  readonly result?: unknown;
  /** Why it failed. */
  readonly error?: unknown;
}

/** A status of a worker, on `simple-ipc:status`, after the subscribers of its `status$` have it. */
export interface StatusMessage extends ChannelMessage {
  /** The worker, to look at its present status and its stderr. */
  readonly worker: Pick<ReactiveWorker<unknown, never>, 'status$' | 'stderr$'>;
  /** Its new status. */
  readonly status: WorkerStatus;
  /** The worker is disposed: this is its last status. */
  readonly isDisposed: boolean;
}

/** A value that does not reach the program, on `simple-ipc:rejected`. */
export interface RejectedMessage extends ChannelMessage {
  /** The value. It may be secret. */
  readonly value: unknown;
  /** Why it was not written. */
  readonly error: Error;
}

/** A channel of `node:diagnostics_channel`. */
export interface Channel<Message> {
  readonly hasSubscribers: boolean;
  publish(message: Message): void;
}

/** The channels of one operation that begins and ends, as `tracingChannel()` names them. */
export interface TracedChannels<Message> {
  readonly start: Channel<Message>;
  readonly asyncEnd: Channel<Message>;
  readonly error: Channel<Message>;
}

/** All channels. */
export interface Channels {
  readonly run: TracedChannels<RunMessage>;
  readonly exchange: TracedChannels<ExchangeMessage>;
  readonly status: Channel<StatusMessage>;
  readonly rejected: Channel<RejectedMessage>;
}

/**
 * Opens the channels one by one: `tracingChannel()` says whether it has subscribers from Node 20.13 on only.
 *
 * @param open - `channel` of `node:diagnostics_channel`, which only Node has.
 */
export function openChannels(open: (name: string) => Channel<unknown>): Channels {
  const traced = (name: string): TracedChannels<unknown> => ({
    start: open(`tracing:simple-ipc:${name}:start`),
    asyncEnd: open(`tracing:simple-ipc:${name}:asyncEnd`),
    error: open(`tracing:simple-ipc:${name}:error`),
  });
  return {
    run: traced('run'),
    exchange: traced('exchange'),
    status: open('simple-ipc:status'),
    rejected: open('simple-ipc:rejected'),
  };
}
