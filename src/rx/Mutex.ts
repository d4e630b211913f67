import { LinkedQueue } from './LinkedQueue.js';

/** Mutual exclusion: one holder at a time, in the order of asking. */
export class Mutex {
  readonly #waiting = new LinkedQueue<() => void>();
  #isHeld = false;
  #isGranting = false;

  /**
   * Calls `granted` when the mutex is free, at once if it is now.
   *
   * @returns a function that withdraws the request; after `granted` it does nothing.
   */
  acquire(granted: () => void): () => void {
    const remove = this.#waiting.push(granted);
    this.#grant();
    return remove;
  }

  /** Hands the mutex to the next in the queue. */
  release(): void {
    this.#isHeld = false;
    this.#grant();
  }

  /** A loop, not a recursion: ten thousand holders may release it as soon as they have it. */
  #grant(): void {
    if (this.#isGranting) return;
    this.#isGranting = true;
    while (!this.#isHeld) {
      const granted = this.#waiting.shift();
      if (!granted) break;
      this.#isHeld = true;
      granted();
    }
    this.#isGranting = false;
  }
}
