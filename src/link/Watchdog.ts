import type { Clock } from '../rx/clock.js';

/** After so many ticks without a sign of life a line is dead. */
const SILENT_TICKS = 3;

/**
 * Watches a line in ticks, not by the time of day: after a sleep of the machine everything that arrived meanwhile
 * is delivered before the next tick.
 */
export class Watchdog {
  #silentTicks = 0;
  #cancel: () => void;

  /**
   * @param tick - called every `ms`.
   * @param silent - called once, after three ticks without a sign of life.
   */
  constructor(
    private readonly clock: Clock,
    private readonly ms: number,
    private readonly tick: () => void,
    private readonly silent: () => void,
  ) {
    this.#cancel = clock.after(ms, this.#onTick);
  }

  /** The other end gave a sign of life. */
  seen(): void {
    this.#silentTicks = 0;
  }

  stop(): void {
    this.#cancel();
  }

  readonly #onTick = (): void => {
    if (++this.#silentTicks >= SILENT_TICKS) {
      this.silent();
      return;
    }
    this.#cancel = this.clock.after(this.ms, this.#onTick);
    this.tick();
  };
}
