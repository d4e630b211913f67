/** Times requests and replies that follow one another. */
export class RoundTrips {
  #times;
  #count;
  #startedAt = 0n;

  /** @param warmUp - how many are made before those that count. */
  constructor(trips, warmUp = 2_000) {
    this.#times = new Float64Array(trips);
    this.#count = -warmUp;
  }

  /** The next data to write. */
  request() {
    this.#startedAt = process.hrtime.bigint();
    return `request ${this.#count}`;
  }

  /** Takes a reply. @returns whether another request is due. */
  reply(line) {
    const took = Number(process.hrtime.bigint() - this.#startedAt);
    if (line !== `request ${this.#count}`) throw new Error(`a wrong reply: ${line}`);
    if (this.#count >= 0) this.#times[this.#count] = took / 1e3;
    return ++this.#count < this.#times.length;
  }

  /** The percentiles, in microseconds. @throws if some are missing. */
  summary() {
    if (this.#count < this.#times.length) throw new Error(`only ${this.#count} replies came`);
    const sorted = this.#times.toSorted();
    const at = (share) => sorted[Math.floor(share * sorted.length)];
    return { p50: at(0.5), p99: at(0.99) };
  }
}
