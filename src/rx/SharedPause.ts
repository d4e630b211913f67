import { Subscription } from 'rxjs';

/** Holds something back as long as anyone wants it held: of several, the slowest governs. */
export class SharedPause {
  #holders = 0;

  /** @param apply - told `true` when the first takes hold, `false` when the last lets go. */
  constructor(private readonly apply: (held: boolean) => void) {}

  /** Takes hold. Unsubscribing lets go. */
  hold(): Subscription {
    if (++this.#holders === 1) this.apply(true);
    return new Subscription(() => {
      if (--this.#holders === 0) this.apply(false);
    });
  }
}
