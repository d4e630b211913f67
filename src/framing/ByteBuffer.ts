/** The memory that an empty buffer keeps; more is released. */
const SMALL_BYTES = 64 * 1024;

/** Bytes that wait for more, in one piece. Appending and dropping cost linear time in all. */
export class ByteBuffer {
  #bytes = new Uint8Array(1024);
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  append(chunk: Uint8Array): void {
    if (this.#end + chunk.length > this.#bytes.length) this.#makeRoom(chunk.length);
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** A view of some of the bytes, good until the next `append`. */
  view(start: number, end: number): Uint8Array {
    return this.#bytes.subarray(this.#start + start, this.#start + end);
  }

  /** Where `wanted` begins at or after `from`, or -1. */
  indexOf(wanted: Uint8Array, from = 0): number {
    const [first = 0] = wanted;
    // Not a byte further: what lies behind the end may be long.
    const bytes = this.view(0, this.length);
    for (let at = Math.max(0, from); at <= bytes.length - wanted.length; at++) {
      at = bytes.indexOf(first, at);
      if (at === -1) return -1;
      if (wanted.every((byte, i) => bytes[at + i] === byte)) return at;
    }
    return -1;
  }

  /** Drops bytes from the beginning. */
  drop(count: number): void {
    this.#start += count;
    if (this.#start < this.#end) return;
    this.#start = this.#end = 0;
    if (this.#bytes.length > SMALL_BYTES) this.#bytes = new Uint8Array(1024);
  }

  #makeRoom(count: number): void {
    const { length } = this;
    // Twice what is needed, so that moving what waits is paid for by what comes.
    const bytes = new Uint8Array(2 * (length + count));
    bytes.set(this.view(0, length));
    this.#bytes = bytes;
    this.#start = 0;
    this.#end = length;
  }
}
