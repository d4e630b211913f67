import { CLOSE, LineClosedError } from '../link/LineClosedError.js';
import type { Clock } from '../rx/clock.js';

/** Limits of lines that have no session yet. */
export interface AdmissionLimits {
  readonly maxPending: number;
  readonly maxPendingPerAddress: number;
  readonly maxHellosPerMinute: number;
}

interface Visitor {
  pending: number;
  /** How many hellos it may send now, as of `at`. */
  tokens: number;
  at: number;
}

const MINUTE_MS = 60_000;

/** Counts lines by address until they have a session, so that strangers cannot use the host up before they are known. */
export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #clock: Clock;
  readonly #visitors = new Map<string, Visitor>();
  #pending = 0;

  constructor(limits: AdmissionLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /**
   * A line comes. Without an address (a MessagePort) it counts in the sum only.
   *
   * @returns a function to call when it has a session, or is gone.
   * @throws LineClosedError if there are too many.
   */
  enter(address: string | undefined): () => void {
    const { maxPending, maxPendingPerAddress } = this.#limits;
    if (this.#pending >= maxPending) throw busy('too many connections are waiting');
    const visitor = address === undefined ? undefined : this.#visitor(address);
    if (visitor) {
      if (visitor.pending >= maxPendingPerAddress) throw busy('too many connections from there');
      if (visitor.tokens < 1) throw busy('too many connections from there in a minute');
      visitor.tokens--;
      visitor.pending++;
    }
    this.#pending++;
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      this.#pending--;
      if (visitor) visitor.pending--;
    };
  }

  #visitor(address: string): Visitor {
    const now = this.#clock.now();
    const most = this.#limits.maxHellosPerMinute;
    if (this.#visitors.size >= 2 * this.#limits.maxPending) this.#forget(now);
    const known = this.#visitors.get(address) ?? { pending: 0, tokens: most, at: now };
    known.tokens = Math.min(most, known.tokens + ((now - known.at) / MINUTE_MS) * most);
    known.at = now;
    this.#visitors.set(address, known);
    return known;
  }

  /** Those that have been away for a minute have all their tokens again. */
  #forget(now: number): void {
    for (const [address, { pending, at }] of this.#visitors) {
      if (pending === 0 && now - at >= MINUTE_MS) this.#visitors.delete(address);
    }
  }
}

/** Counts the frames of a line. */
export class FrameRate {
  #since: number;
  #frames = 0;

  constructor(
    private readonly perSecond: number,
    private readonly clock: Clock,
  ) {
    this.#since = clock.now();
  }

  /** @throws LineClosedError if one second has too many. */
  count(): void {
    if (++this.#frames <= this.perSecond) return;
    const now = this.clock.now();
    if (now - this.#since < 1_000) throw busy(`more than ${this.perSecond} frames in a second`);
    this.#since = now;
    this.#frames = 1;
  }
}

export function busy(reason: string): LineClosedError {
  return new LineClosedError(CLOSE.busy, reason);
}
