import { Subscription } from 'rxjs';

/** A pause with several holders: it lasts while anyone holds it. */
export class SharedPause {
  #holders = 0;

  /** @param apply - called with `true` at the first hold, with `false` after the last. */
  constructor(private readonly apply: (isPaused: boolean) => void) {}

  /** Holds the pause until the subscription is unsubscribed. */
  hold(): Subscription {
    if (++this.#holders === 1) this.apply(true);
    return new Subscription(() => {
      if (--this.#holders === 0) this.apply(false);
    });
  }
}
