/** The topics of a client: input, its end, `start`, `stop` and `restart`, requests, and abandoned requests. */
export type UpTopic = 'send' | 'eof' | 'do' | 'ask' | 'leave';

/**
 * The topics of a host: stdout, stderr, statuses, the end of a life, rejected input, replies and their ends,
 * values that are missing, and the end of a worker.
 */
export type DownTopic =
  'out' | 'err' | 'status' | 'rest' | 'rejected' | 'reply' | 'end' | 'gap' | 'done';

/** The topic of a data frame. */
export type Topic = UpTopic | DownTopic;

/** The values of one data frame. Never changed, so that many sessions share one. */
export interface Batch {
  /** The topic of the values. */
  readonly topic: Topic;
  /** Text alone, bytes alone, or other values alone. */
  readonly values: readonly unknown[];
  /** Its approximate size on the wire. */
  readonly bytes: number;
  /** The JSON of each value, where they are neither text nor bytes. */
  readonly texts: readonly string[] | undefined;
  /** The values as they go over a socket, encoded for the first and kept for the others. */
  encoded?: string | Uint8Array<ArrayBuffer>;
}

/** How many values of the output are missing, by stream. */
export interface Missing {
  readonly out: number;
  readonly err: number;
  readonly reason: 'slow' | 'unsendable';
}

/** A value's size on the wire, about, and its JSON if it needs one. */
export interface Measured {
  readonly bytes: number;
  readonly text: string | undefined;
}

/** The approximate size of a data frame without its values. */
export const FRAME_BYTES = 32;

/** @throws what `JSON.stringify` throws for a value that has no JSON. */
export function measure(value: unknown): Measured {
  if (typeof value === 'string') return { bytes: value.length + 4, text: undefined };
  if (value instanceof Uint8Array) return { bytes: value.byteLength + 8, text: undefined };
  // A function, a symbol and `undefined` have no JSON; in a list they are `null`.
  const text = (JSON.stringify(value) as string | undefined) ?? 'null';
  return { bytes: text.length + 1, text };
}

/** A batch of one value, which is neither text nor bytes. */
export function batchOf(topic: Topic, value: unknown): Batch {
  const { bytes, text = '' } = measure(value);
  return { topic, values: [value], bytes: bytes + FRAME_BYTES, texts: [text] };
}
