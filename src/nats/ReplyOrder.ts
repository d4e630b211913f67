/**
 * Decides which of the messages for a request are its reply: those of one worker, without a gap. A worker is known by
 * the subject at which it takes answers; each execution has its own.
 */
export class ReplyOrder {
  #worker: string | undefined;
  #delivery = 0;
  #next = 0;
  readonly #former = new Set<string>();

  /** The worker whose messages are taken. */
  get worker(): string | undefined {
    return this.#worker;
  }

  /** The latest delivery that is known of. */
  get delivery(): number {
    return this.#delivery;
  }

  /**
   * Takes the messages of this worker from now on, unless another replaced it, or has a later delivery. (The same
   * delivery may come twice: a broker that was killed may have forgotten the first.)
   *
   * @returns whether it does.
   */
  follow(worker: string, delivery: number): boolean {
    if (worker === this.#worker) return true;
    if (delivery < this.#delivery || this.#former.has(worker)) return false;
    if (this.#worker !== undefined) this.#former.add(this.#worker);
    this.#worker = worker;
    this.#delivery = delivery;
    this.#next = 0;
    return true;
  }

  /** The worker will not execute it. */
  release(worker: string): void {
    if (worker === this.#worker) this.#worker = undefined;
  }

  /** Whether this is the index that follows; then it is counted. */
  isNext(index: number): boolean {
    if (index !== this.#next) return false;
    this.#next++;
    return true;
  }
}
