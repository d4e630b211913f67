import { Buffer } from 'node:buffer'; // The global one is a getter: this is the path of every value.
import { types } from 'node:util';
import { kindOf } from '../contract/check.js';
import { LineBreak } from '../framing/lines.js';
import {
  InputOverflowError,
  LineBreakError,
  messageOf,
  type CommandWords,
} from '../contract/errors.js';
import type { Codec } from '../framing/codec.js';
import type { ProgramInput } from '../process/Program.js';
import type { RejectedInput } from '../contract/ReactiveWorker.js';
import { BATCH_BYTES, chunked, chunksOf, LONG_BYTES, type Batch } from './Batch.js';
import type { Input, Sender } from '../contract/Input.js';

/** The observer of a queue. */
export interface InputListener<In> {
  /** A value will not reach the program. `isKnown`: its sender is called as well. */
  rejected(input: RejectedInput<In>, isKnown: boolean): void;
  /** The run that was reading will not read any more. */
  closed?(): void;
}

/** The entry that `complete()` leaves in the queue. */
export const END_OF_FILE = Symbol('end of file');

type Entry<In> = Batch<In> | typeof END_OF_FILE;

/** `then` on it is a microtask without the async resource that `queueMicrotask` makes for each. */
const microtask = Promise.resolve();

/**
 * The values on their way to a program: encoded, collected into batches, bounded, accounted for. It
 * outlives the runs: while none reads, values wait. Each value is either taken whole by a run or
 * reported to the listener as rejected.
 */
export class InputQueue<In> implements Input<In> {
  #entries: Entry<In>[] = [];
  #inFlight: Batch<In> | undefined;
  #pendingBytes = 0;
  #inputEnded = false;
  /** How many ends of file are queued. */
  #ends = 0;
  /** While no life is under way. */
  #refusal: (() => Error) | undefined;
  /** While the run that was reading no longer does, and has not had its end-of-file. */
  #failure: (() => Error) | undefined;
  #isStdinClosed = false;
  #wake: (() => void) | undefined;
  #wakeIsDue = false;
  /** All that was ever accepted. */
  #acceptedBytes = 0;
  #pushes = 0;
  readonly #awaitingMove = new Set<() => void>();

  constructor(
    private readonly command: CommandWords,
    private readonly codec: Codec<unknown, In>,
    private readonly maxPendingBytes: number,
    private readonly listener: InputListener<In>,
  ) {}

  /** How many values were pushed so far, rejected ones included. */
  get pushes(): number {
    return this.#pushes;
  }

  /** Whether a full batch waits or is being written. */
  get isFull(): boolean {
    return this.#pendingBytes >= BATCH_BYTES;
  }

  /** Whether what is pushed now is for the run that reads. */
  get isOpen(): boolean {
    return this.#wake !== undefined && this.#ends === 0;
  }

  /** Whether what is pushed now is rejected. */
  get isRefusing(): boolean {
    return (this.#refusal ?? this.#failure) !== undefined;
  }

  /** Whether the program closed stdin but runs on, and is not being stopped. */
  get isStdinClosed(): boolean {
    return this.#isStdinClosed || this.#refusal !== undefined;
  }

  /**
   * Queues a value, or rejects it.
   *
   * @param sender - called if the value is rejected, now or later.
   * @returns its bytes, 0 if it is rejected.
   */
  push(value: In, sender?: Sender): number {
    return this.#add(value, sender, false) ?? 0;
  }

  /** Like `push`, but returns `undefined` instead of rejecting a value that only has to wait for room. */
  offer(value: In, sender?: Sender): number | undefined {
    return this.#add(value, sender, true);
  }

  #add(value: In, sender: Sender | undefined, mayWait: boolean): number | undefined {
    this.#pushes++;
    if (this.#rejectIfRefused(value, sender)) return 0;
    let encoded: string | Uint8Array;
    let bytes: number;
    try {
      encoded = checkEncoded(this.codec.encode(value));
      bytes = Buffer.byteLength(encoded);
    } catch (error) {
      return this.#reject(value, this.#encodingError(error), sender);
    }
    // `encode` is the user's, and may have stopped the worker.
    if (this.#rejectIfRefused(value, sender)) return 0;
    if (this.#pendingBytes + bytes > this.maxPendingBytes) {
      if (mayWait && this.#pendingBytes > 0) return undefined;
      return this.#reject(value, this.#overflow(bytes), sender);
    }
    this.#pendingBytes += bytes;
    this.#acceptedBytes += bytes;
    const batch = this.#batch();
    if (sender) batch.senders[batch.values.length] = sender;
    batch.values.push(value);
    if (typeof encoded === 'string' && bytes < LONG_BYTES) batch.text += encoded;
    else chunked(batch).push(typeof encoded === 'string' ? Buffer.from(encoded) : encoded);
    batch.bytes += bytes;
    if (batch.bytes < BATCH_BYTES) {
      this.#wakeSoon();
    } else {
      batch.chunks = chunksOf(batch);
      this.#wake?.();
    }
    return bytes;
  }

  /** Ends the input of the run that the values before are meant for; without one, nothing. */
  complete(): void {
    const last = this.#entries.at(-1);
    if (this.#refusal || last === END_OF_FILE) return;
    if (this.#failure) this.inputEnded();
    else if (!this.#inputEnded || last) this.#pushEnd();
  }

  /** Ends the input of the run that reads, after what is queued for it. */
  endInput(): void {
    this.#isStdinClosed = false;
    if (this.#failure) this.inputEnded();
    else if (this.#wake && this.#ends === 0) this.#pushEnd();
  }

  /** The run that was reading has had its end-of-file: what comes is for the next. */
  inputEnded(): void {
    this.#inputEnded = true;
    this.#failure = undefined;
  }

  /** Calls `wake` when there is something to take, once a turn or whenever a batch is full. */
  open(wake: () => void): void {
    this.#wake = wake;
    wake();
  }

  /** Takes the oldest entry. A batch stays accounted for until `taken` is called. */
  take(): ProgramInput | typeof END_OF_FILE | undefined {
    const entry = this.#entries.shift();
    if (entry === END_OF_FILE) {
      this.#ends--;
      this.#wake = undefined;
      return entry;
    }
    this.#inFlight = entry;
    if (entry) for (const sender of entry.senders) sender?.taken?.();
    // Of a short text the stream makes the bytes faster.
    return entry?.chunks.length === 0 ? entry.text : entry && chunksOf(entry);
  }

  /** The batch in flight was written. */
  taken(): void {
    this.#pendingBytes -= this.#inFlight?.bytes ?? 0;
    this.#inFlight = undefined;
    this.#tellMoved();
  }

  /** Settles when nothing waits of what was accepted by now, at once if so already. */
  async flushed(): Promise<void> {
    const accepted = this.#acceptedBytes;
    while (this.#acceptedBytes - this.#pendingBytes < accepted) {
      await new Promise<void>((resolve) => this.onMove(resolve));
    }
  }

  /** Calls back, once, when a queued value was written or rejected. @returns a function that cancels the call. */
  onMove(callback: () => void): () => void {
    this.#awaitingMove.add(callback);
    return () => this.#awaitingMove.delete(callback);
  }

  /** The reader is gone: what it did not take, up to an end-of-file, is rejected. */
  close(error: () => Error): void {
    const end = this.#entries.indexOf(END_OF_FILE);
    this.#drop(end === -1 ? this.#entries.length : end + 1, error);
  }

  /** The run that was reading does so no longer: what is for it, up to an end-of-file, is rejected, now and later. */
  fail(error: () => Error): void {
    this.#isStdinClosed = true;
    if (this.#ends === 0) this.#failure = error;
    else this.inputEnded();
    this.close(error);
  }

  /** Rejects what is queued and whatever comes, until `accept`. */
  refuse(error: () => Error): void {
    this.#refusal = error;
    if (this.#entries.length > 0) this.#drop(this.#entries.length, error);
  }

  /** Queues values again. */
  accept(): void {
    this.#inputEnded = false;
    this.#refusal = undefined;
  }

  /** The run is gone: what comes is for the next. */
  runGone(): void {
    this.#isStdinClosed = false;
    this.#inputEnded = false;
    this.#failure = undefined;
  }

  /** Rejects the oldest entries. A listener may send the value again: that is another entry. */
  #drop(count: number, error: () => Error): void {
    this.#wake = undefined;
    this.listener.closed?.();
    const lost = this.#entries.splice(0, count);
    this.#ends -= lost.filter((entry) => entry === END_OF_FILE).length;
    if (this.#inFlight) lost.unshift(this.#inFlight);
    this.#inFlight = undefined;
    // One error for all, made only if needed: capturing its stack takes time.
    if (lost.length > 0) this.#tellLost(lost, error());
    this.#tellMoved();
  }

  /** The batch that is being filled. */
  #batch(): Batch<In> {
    const last = this.#entries.at(-1);
    if (last && last !== END_OF_FILE && last.bytes < BATCH_BYTES) return last;
    const batch: Batch<In> = { values: [], senders: [], chunks: [], text: '', bytes: 0 };
    this.#entries.push(batch);
    return batch;
  }

  #pushEnd(): void {
    this.#ends++;
    this.#entries.push(END_OF_FILE);
    this.#wakeSoon();
  }

  #wakeSoon(): void {
    if (this.#wakeIsDue || !this.#wake) return;
    this.#wakeIsDue = true;
    void microtask.then(this.#wakeNow);
  }

  readonly #wakeNow = (): void => {
    this.#wakeIsDue = false;
    this.#wake?.();
  };

  #tellLost(entries: readonly Entry<In>[], error: Error): void {
    for (const batch of entries) {
      if (batch === END_OF_FILE) continue;
      this.#pendingBytes -= batch.bytes;
      batch.values.forEach((value, index) =>
        this.listener.rejected({ value, error }, batch.senders[index] !== undefined),
      );
      for (const sender of new Set(batch.senders)) sender?.lost(error);
    }
  }

  #tellMoved(): void {
    const due = [...this.#awaitingMove];
    this.#awaitingMove.clear();
    for (const callback of due) callback();
  }

  #rejectIfRefused(value: In, sender: Sender | undefined): boolean {
    const refusal = this.#refusal ?? this.#failure;
    if (refusal) this.#reject(value, refusal(), sender);
    return refusal !== undefined;
  }

  #reject(value: In, error: Error, sender?: Sender): 0 {
    this.listener.rejected({ value, error }, sender !== undefined);
    sender?.lost(error);
    return 0;
  }

  #encodingError(error: unknown): Error {
    if (error instanceof LineBreak) {
      return new LineBreakError(this.command, `was not sent a line: ${error.message}`);
    }
    return error instanceof Error ? error : new TypeError(messageOf(error));
  }

  #overflow(bytes: number): InputOverflowError {
    return new InputOverflowError(
      this.command,
      `reads too slowly: ${this.#pendingBytes} bytes are waiting, and ${bytes} more` +
        ` would exceed maxPendingBytes (${this.maxPendingBytes})`,
    );
  }
}

/** The codec is the user's, in JavaScript perhaps. */
function checkEncoded(encoded: string | Uint8Array): string | Uint8Array {
  if (typeof encoded === 'string' || types.isUint8Array(encoded)) return encoded;
  throw new TypeError(`encode() must make text or a Uint8Array, not ${kindOf(encoded)}`);
}
