/** Who waits, in the order of coming. To come, to leave and to be the next take constant time. */
export class LinkedQueue<T> {
  #first: Place<T> | undefined;
  #last: Place<T> | undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Lets somebody wait, behind all others. Returns what gives up waiting. */
  push(value: T): () => void {
    const place: Place<T> = { value, isLeft: false, before: this.#last, behind: undefined };
    if (this.#last) this.#last.behind = place;
    else this.#first = place;
    this.#last = place;
    this.#length++;
    return () => this.#leave(place);
  }

  /** The next, who then waits no longer. */
  shift(): T | undefined {
    const first = this.#first;
    if (first) this.#leave(first);
    return first?.value;
  }

  #leave(place: Place<T>): void {
    if (place.isLeft) return;
    place.isLeft = true;
    this.#length--;
    const { before, behind } = place;
    if (before) before.behind = behind;
    else this.#first = behind;
    if (behind) behind.before = before;
    else this.#last = before;
  }
}

interface Place<T> {
  readonly value: T;
  isLeft: boolean;
  before: Place<T> | undefined;
  behind: Place<T> | undefined;
}
