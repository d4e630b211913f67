import { FRAME_BYTES, measure, type Batch, type Measured, type Topic } from './Batch.js';

type Kind = 'text' | 'bytes' | 'json';

/** `then` on it is a microtask without the AsyncResource of `queueMicrotask`. */
const microtask = Promise.resolve();

/** Collects the values of one turn of the event loop into batches of one topic and one kind of value. */
export class Batcher {
  /** The size of the values that wait here. */
  bytes = 0;
  #topic: Topic = 'out';
  #kind: Kind = 'text';
  #values: unknown[] = [];
  #texts: string[] = [];

  /** @param fullAt - in bytes. A read of a pipe, 64 KiB, should be one batch: two would be twice the frames. */
  constructor(
    private readonly emit: (batch: Batch) => void,
    private readonly fullAt: number,
  ) {}

  /** Adds a value. @throws what `measure` throws. */
  add(topic: Topic, value: unknown, measured?: Measured): void {
    // The path of every line.
    if (typeof value === 'string') {
      this.#begin(topic, 'text');
      this.#values.push(value);
      this.bytes += value.length + 4;
    } else {
      const { bytes, text } = measured ?? measure(value);
      this.#begin(topic, text === undefined ? 'bytes' : 'json');
      this.#values.push(value);
      if (text !== undefined) this.#texts.push(text);
      this.bytes += bytes;
    }
    if (this.bytes >= this.fullAt) this.flush();
  }

  /** Emits what was collected. */
  readonly flush = (): void => {
    if (this.#values.length === 0) return;
    const batch: Batch = {
      topic: this.#topic,
      values: this.#values,
      bytes: this.bytes + FRAME_BYTES,
      texts: this.#kind === 'json' ? this.#texts : undefined,
    };
    this.#values = [];
    this.#texts = [];
    this.bytes = 0;
    this.emit(batch);
  };

  #begin(topic: Topic, kind: Kind): void {
    if (topic !== this.#topic || kind !== this.#kind) {
      this.flush();
      this.#topic = topic;
      this.#kind = kind;
    }
    if (this.#values.length === 0) void microtask.then(this.flush);
  }
}
