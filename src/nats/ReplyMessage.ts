/**
 * The kinds of message from a node to the asker.
 *
 * `begin` asks whether the node may begin, or go on; `value` is one of several, `last` the last, `complete` the end
 * of a reply after its last value, `error` its end in failure; `alive` is a sign that the node is at work, and
 * `returned` that the node will not execute a request that it was allowed to.
 */
const kinds = ['begin', 'value', 'last', 'complete', 'error', 'alive', 'returned'] as const;

export type Kind = (typeof kinds)[number];

/**
 * The subject of a message from a node, `<reply-to>.<delivery>.<index>.<kind>`. Its reply subject is unique to the
 * execution: the asker identifies the node by it, and answers there.
 */
export interface ReplyMessage {
  /** The attempt that it is for: the last token of `<reply-to>`. */
  readonly id: string;
  readonly delivery: number;
  /** The messages that make up a reply are counted from 0. */
  readonly index: number;
  readonly kind: Kind;
}

/** The asker's answer to `begin`; no answer at all means that nobody waits for the reply. */
export type Answer = 'go' | 'taken' | '';

export function replySubject(
  replyTo: string,
  { delivery, index, kind }: Omit<ReplyMessage, 'id'>,
): string {
  return `${replyTo}.${delivery}.${index}.${kind}`;
}

/** Reads the tokens that follow the inbox. @returns `undefined` if they are none of a reply. */
export function readReplySubject(tokens: readonly string[]): ReplyMessage | undefined {
  const [id = '', delivery, index] = [tokens[0], Number(tokens[1]), Number(tokens[2])];
  const kind = kinds.find((each) => each === tokens[3]);
  const isSound = tokens.length === 4 && isCount(delivery) && isCount(index);
  return kind && isSound ? { id, delivery, index, kind } : undefined;
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0;
}
