import type { NatsConnection } from '@nats-io/nats-core';
import { atLeastOne, integer, methods, oneOf, text, type Check } from '../contract/check.js';
import { checkOptions, type Checks } from '../contract/options.js';

/** The default of `maxPendingBytes`. */
export const MAX_PENDING_BYTES = 64 * 2 ** 20;

/** Options that both ends of a queue have in common. */
export interface QueueOptions {
  /**
   * The connection to the broker, with its servers, TLS, credentials and reconnects. It is yours: it is neither
   * drained nor closed here.
   */
  readonly connection: NatsConnection;
  /** Where requests go. One stream with one consumer belongs to it. */
  readonly subject: string;
  /** The name of the stream. @defaultValue the subject, with `-` for each `.` */
  readonly stream?: string;
  /**
   * Where waiting requests are kept: a `'file'` outlives the broker's process. It counts for the end that makes the
   * stream, like `replicas`, `silenceMs` and `maxPendingBytes`. @defaultValue 'memory'
   */
  readonly storage?: 'memory' | 'file';
  /** How many servers of a cluster keep the stream. @defaultValue 1 */
  readonly replicas?: number;
  /**
   * How long a node may be silent before its requests are given to another, in milliseconds. @defaultValue 5,000
   */
  readonly silenceMs?: number;
  /** How much may wait, in bytes; a request that does not fit is an `InputOverflowError`. @defaultValue 64 MiB */
  readonly maxPendingBytes?: number;
  /** The first token of inboxes, for accounts that may not use the usual one. @defaultValue '_INBOX' */
  readonly inboxPrefix?: string;
}

const connection = methods('publish', 'subscribe', 'request', 'status', 'flush');

/** The broker's own begin with `$`. */
const subject = matching(
  /^[^\s.*>$][^\s.*>]*(\.[^\s.*>]+)*$/,
  "a subject without wildcards, such as 'analysis.best'",
);

/** Those that {@link checkQueueOptions} takes; the ends add their own. */
export const QUEUE_CHECKS = {
  connection,
  subject,
  stream: matching(/^[^\s.*>/\\]+$/, 'a name without dots, wildcards and slashes'),
  storage: oneOf('memory', 'file'),
  replicas(name, value) {
    integer(name, value);
    atLeastOne(name, value);
  },
  silenceMs(name, value) {
    atLeastOne(name, value);
    if (value === Infinity) throw new RangeError(`${name} must be finite`);
  },
  maxPendingBytes: atLeastOne,
  inboxPrefix: subject,
} satisfies Checks<QueueOptions>;

/** @throws TypeError, RangeError that names the option. */
export function checkQueueOptions(
  call: string,
  options: Partial<QueueOptions> | undefined,
  checks: Readonly<Record<string, Check>>,
): void {
  checkOptions(call, options ?? null, checks);
  connection(`${call}: connection`, options?.connection);
  subject(`${call}: subject`, options?.subject);
}

function matching(pattern: RegExp, what: string): Check {
  return (name, value) => {
    text(name, value);
    if (!pattern.test(String(value))) {
      throw new TypeError(`${name} must be ${what}, not ${JSON.stringify(value)}`);
    }
  };
}
