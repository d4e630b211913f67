import { Buffer } from 'node:buffer'; // The global one is a getter: this is the path of every value.
import type { Sender } from '../contract/Input.js';

/** Values that go to the program in one write: `chunks`, then `text`. */
export interface Batch<In> {
  readonly values: In[];
  chunks: Uint8Array[];
  /** Concatenated, not collected: the engine copies the pieces only once, when all are there. */
  text: string;
  bytes: number;
  /** By the index of their values. */
  readonly senders: (Sender | undefined)[];
}

/** The size at which a batch is full, in bytes. */
export const BATCH_BYTES = 64 * 1024;

/** The size, in bytes, from which a value is not copied to be written with others: that would cost more than it saves. */
export const LONG_BYTES = 4 * 1024;

/** The chunks, the text being one of them. */
export function chunked<In>(batch: Batch<In>): Uint8Array[] {
  if (batch.text !== '') batch.chunks.push(Buffer.from(batch.text));
  batch.text = '';
  return batch.chunks;
}

/** The batch as bytes alone, in few chunks. */
export function chunksOf<In>(batch: Batch<In>): Uint8Array[] {
  const chunks = chunked(batch);
  return batch.bytes < LONG_BYTES * chunks.length ? [Buffer.concat(chunks)] : chunks;
}
