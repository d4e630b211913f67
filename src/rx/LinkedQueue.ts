/** A first-in, first-out queue whose entries can leave from the middle; every operation takes constant time. */
export class LinkedQueue<T> {
  #first: Node<T> | undefined;
  #last: Node<T> | undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Adds a value at the end. @returns a function that removes it again; once the value has left, it does nothing. */
  push(value: T): () => void {
    const node: Node<T> = { value, isRemoved: false, previous: this.#last, next: undefined };
    if (this.#last) this.#last.next = node;
    else this.#first = node;
    this.#last = node;
    this.#length++;
    return () => this.#remove(node);
  }

  /** Removes and returns the oldest value. */
  shift(): T | undefined {
    const first = this.#first;
    if (first) this.#remove(first);
    return first?.value;
  }

  #remove(node: Node<T>): void {
    if (node.isRemoved) return;
    node.isRemoved = true;
    this.#length--;
    const { previous, next } = node;
    if (previous) previous.next = next;
    else this.#first = next;
    if (next) next.previous = previous;
    else this.#last = previous;
  }
}

interface Node<T> {
  readonly value: T;
  isRemoved: boolean;
  previous: Node<T> | undefined;
  next: Node<T> | undefined;
}
