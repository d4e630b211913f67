/** The last bytes of a stream, in bounded memory. */
export class Tail {
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  constructor(private readonly maxBytes: number) {}

  write(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    // Joined now and then: linear in all, and neither many small chunks nor old bytes are kept.
    if (this.#bytes > 2 * this.maxBytes || this.#chunks.length > 256) this.#compact();
  }

  /** The text; a character cut at its beginning shows as U+FFFD. */
  toString(): string {
    if (this.#bytes === 0) return '';
    this.#compact();
    return Buffer.concat(this.#chunks).toString();
  }

  #compact(): void {
    const all = Buffer.concat(this.#chunks);
    const kept = Buffer.from(all.subarray(Math.max(0, all.length - this.maxBytes)));
    this.#chunks = [kept];
    this.#bytes = kept.length;
  }
}
