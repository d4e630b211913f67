import { LinkedQueue } from './LinkedQueue.js';

/** Lets one in at a time, in the order in which they came. */
export class Mutex {
  readonly #waiting = new LinkedQueue<() => void>();
  #isTaken = false;
  #isLettingIn = false;

  /** Calls `begin` when it is its turn. Returns what gives up waiting. */
  take(begin: () => void): () => void {
    const giveUp = this.#waiting.push(begin);
    this.#letIn();
    return giveUp;
  }

  /** Ends the turn. */
  done(): void {
    this.#isTaken = false;
    this.#letIn();
  }

  /** One after another, not one inside of another: ten thousand turns may end as they begin. */
  #letIn(): void {
    if (this.#isLettingIn) return;
    this.#isLettingIn = true;
    while (!this.#isTaken) {
      const begin = this.#waiting.shift();
      if (!begin) break;
      this.#isTaken = true;
      begin();
    }
    this.#isLettingIn = false;
  }
}
