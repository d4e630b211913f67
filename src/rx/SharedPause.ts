import { Subscription } from 'rxjs';

/** A pause with several holders: it lasts while anyone holds it, and it is not suspended. */
export class SharedPause {
  #holders = 0;
  #suspensions = 0;
  #isPaused = false;

  /** @param apply - called with `true` at the first hold, with `false` after the last. */
  constructor(private readonly apply: (isPaused: boolean) => void) {}

  /** Holds the pause until the subscription is unsubscribed. */
  hold(): Subscription {
    this.#holders++;
    this.#update();
    return new Subscription(() => {
      this.#holders--;
      this.#update();
    });
  }

  /** Keeps the pause from taking effect, until `resume` is called as often. */
  suspend(): void {
    this.#suspensions++;
    this.#update();
  }

  resume(): void {
    this.#suspensions--;
    this.#update();
  }

  #update(): void {
    const isPaused = this.#holders > 0 && this.#suspensions === 0;
    if (isPaused === this.#isPaused) return;
    this.#isPaused = isPaused;
    this.apply(isPaused);
  }
}
