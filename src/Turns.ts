/** Lets one in at a time, in the order in which they came. */
export class Turns {
  #waiting: (() => void)[] = [];
  #taken = false;

  /** Calls `begin` when it is its turn. Returns what gives up waiting. */
  take(begin: () => void): () => void {
    if (this.#taken) {
      this.#waiting.push(begin);
    } else {
      this.#taken = true;
      begin();
    }
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== begin);
    };
  }

  /** Ends the turn. */
  done(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#taken = false;
  }
}
