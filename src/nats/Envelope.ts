import { headers, type Msg, type MsgHdrs } from '@nats-io/nats-core';

/** The headers of a request. */
export interface Envelope {
  /** Where its replies go; no other request has the same. */
  readonly replyTo: string;
  /**
   * How often it may be executed in all. `undefined` is once, and only after the asker has allowed it: the broker's
   * count of deliveries does not survive each of the broker's deaths.
   */
  readonly attempts: number | undefined;
  /** How long a reply may take, in milliseconds. */
  readonly timeoutMs: number;
}

/** How a request came: which delivery of it this is, and where it is acknowledged. */
export interface Postmark {
  /** 1 for the first. */
  readonly delivery: number;
  readonly acknowledge: string;
}

/** The broker ignores a second request of the same `Nats-Msg-Id`, within the stream's window. */
export const REPLY_TO = 'Nats-Msg-Id';
const ATTEMPTS = 'Ipc-Attempts';
const TIMEOUT_MS = 'Ipc-Timeout-Ms';

export function writeEnvelope({ replyTo, attempts, timeoutMs }: Envelope): MsgHdrs {
  const written = headers();
  written.set(REPLY_TO, replyTo);
  if (attempts !== undefined) written.set(ATTEMPTS, String(attempts));
  if (timeoutMs !== Infinity) written.set(TIMEOUT_MS, String(timeoutMs));
  return written;
}

/** Reads what anyone may have written. @returns `undefined` if it is no envelope. */
export function readEnvelope(written: MsgHdrs | undefined): Envelope | undefined {
  const replyTo = written?.get(REPLY_TO) ?? '';
  const attempts = numberIn(written, ATTEMPTS);
  const timeoutMs = numberIn(written, TIMEOUT_MS) ?? Infinity;
  const isSound = isInbox(replyTo) && (attempts === undefined || attempts >= 1) && timeoutMs >= 0;
  return isSound ? { replyTo, attempts, timeoutMs } : undefined;
}

/**
 * Reads the subject at which a message is acknowledged:
 * `$JS.ACK.[<domain>.<account>.]<stream>.<consumer>.<delivery>.<sequence>.…`.
 */
export function readPostmark({ reply = '' }: Msg): Postmark | undefined {
  if (!reply.startsWith('$JS.ACK.')) return undefined;
  const tokens = reply.split('.');
  const delivery = Number(tokens[tokens.length > 9 ? 6 : 4]);
  return Number.isInteger(delivery) && delivery >= 1 ? { delivery, acknowledge: reply } : undefined;
}

/**
 * Whether something may be published there on another's word. Subjects that begin with `$` are the broker's own: its
 * interface deletes streams.
 */
export function isInbox(subject: string): boolean {
  return subject.length <= 512 && /^[^\s.*>$][^\s.*>]*(\.[^\s.*>]+)+$/.test(subject);
}

function numberIn(written: MsgHdrs | undefined, name: string): number | undefined {
  return written?.has(name) ? Number(written.get(name).trim() || NaN) : undefined;
}
