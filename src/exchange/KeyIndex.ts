import type { PendingRequest } from './PendingRequest.js';

/** The id of a request or a reply; `undefined` if it has none. */
export type Key<Out, In> = (message: Out | In) => unknown;

/** A request that is known by its id. */
export interface IdentifiedRequest<Out, In> extends PendingRequest<Out, In> {
  readonly id: unknown;
  readonly key: Key<Out, In>;
  replied(reply: Out): void;
}

/** How many abandoned ids are remembered. A program that never answers some requests must not fill the memory. */
const MAX_ABANDONED = 100_000;

/**
 * The requests under way with a worker by their ids: one look-up per message, however many they are. The ids are the
 * worker's, whatever function finds them; one that was abandoned stays taken until its reply, or the end of the run.
 */
export class KeyIndex<Out, In> {
  readonly #requests = new Map<unknown, IdentifiedRequest<Out, In>>();
  readonly #abandoned = new Set<unknown>();
  /** The functions in use, with the number of their requests. */
  readonly #uses = new Map<Key<Out, In>, number>();
  /** The function of the last request, while there is no other: abandoned replies are recognised by it. */
  #spare: Key<Out, In> | undefined;

  /** Whether any request by key was made in this run. */
  get isUsed(): boolean {
    return this.#uses.size > 0;
  }

  /** @throws TypeError if its id is taken. */
  add(request: IdentifiedRequest<Out, In>): void {
    const { id, key } = request;
    if (this.#requests.has(id)) {
      throw new TypeError(`a request with the key ${String(id)} is under way already`);
    }
    if (this.#abandoned.has(id)) {
      throw new TypeError(
        `a request with the key ${String(id)} was abandoned, and its reply may still come: use another key`,
      );
    }
    this.#requests.set(id, request);
    this.#uses.set(key, (this.#uses.get(key) ?? 0) + 1);
    if (this.#spare && this.#spare !== key) this.#uses.delete(this.#spare);
    this.#spare = undefined;
  }

  /** @param mayBeAnswered - whether its reply may still come. */
  remove({ id, key }: IdentifiedRequest<Out, In>, mayBeAnswered: boolean): void {
    this.#requests.delete(id);
    if (mayBeAnswered) this.#abandon(id);
    const uses = (this.#uses.get(key) ?? 1) - 1;
    if (uses > 0) {
      this.#uses.set(key, uses);
    } else if (this.#uses.size > 1) {
      this.#uses.delete(key);
    } else {
      this.#uses.set(key, 0);
      this.#spare = key;
    }
  }

  /**
   * The request that a message replies to.
   *
   * @param failed - called for each request whose function throws for the message.
   */
  find(
    message: Out,
    failed: (request: IdentifiedRequest<Out, In>, error: unknown) => void,
  ): IdentifiedRequest<Out, In> | undefined {
    if (this.#requests.size === 0 && this.#abandoned.size === 0) return undefined;
    for (const key of this.#uses.keys()) {
      try {
        const id = key(message);
        if (id === undefined) continue;
        const request = this.#requests.get(id);
        if (request && (request.key === key || request.key(message) === id)) return request;
        if (!request && this.#abandoned.delete(id)) return undefined;
      } catch (error) {
        for (const request of [...this.#requests.values()]) {
          if (request.key === key) failed(request, error);
        }
      }
    }
    return undefined;
  }

  /** Abandoned requests get no reply from the next run. */
  runEnded(): void {
    this.#abandoned.clear();
    if (this.#requests.size > 0) return;
    this.#uses.clear();
    this.#spare = undefined;
  }

  #abandon(id: unknown): void {
    this.#abandoned.add(id);
    if (this.#abandoned.size <= MAX_ABANDONED) return;
    for (const oldest of this.#abandoned) {
      this.#abandoned.delete(oldest);
      return;
    }
  }
}
