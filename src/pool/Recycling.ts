import { noop } from 'rxjs';
import { atLeastOne } from '../contract/check.js';
import { internalsOf } from '../contract/internals.js';
import type { Checks } from '../contract/options.js';
import type { ReactiveWorker } from '../contract/ReactiveWorker.js';

/** When the run of a pool's worker is replaced by the next. */
export interface RecycleOptions {
  /** After so many requests. @defaultValue Infinity */
  readonly afterRequests?: number;
  /** When it has been running for so many milliseconds. @defaultValue Infinity */
  readonly afterMs?: number;
}

export const RECYCLE_CHECKS = {
  afterRequests: atLeastOne,
  afterMs: atLeastOne,
} satisfies Checks<RecycleOptions>;

/** One worker that is recycled, and its run. */
interface Watched {
  restart(): Promise<void>;
  /** Whether it runs and has no request. */
  isFree(): boolean;
  requests: number;
  isDue: boolean;
}

/**
 * Replaces the runs of workers that have done much or run for long, before leaks and fragmentation show: between two
 * requests, and one worker at a time, so that the others go on. No policy counts it.
 */
export class Recycling {
  readonly #afterRequests: number;
  readonly #afterMs: number;
  readonly #watched = new Map<object, Watched>();
  #isBusy = false;

  constructor(options: RecycleOptions = {}) {
    const { afterRequests = Infinity, afterMs = Infinity } = options;
    this.#afterRequests = afterRequests;
    this.#afterMs = afterMs;
  }

  /** @param isIdle - whether it has no request. */
  watch<Out, In>(worker: ReactiveWorker<Out, In>, isIdle: () => boolean): void {
    const { clock, statusChanges$ } = internalsOf(worker);
    const watched: Watched = {
      restart: () => worker.restart(),
      isFree: () => worker.status$.value.state === 'running' && isIdle(),
      requests: 0,
      isDue: false,
    };
    this.#watched.set(worker, watched);
    let cancelTimer = noop;
    statusChanges$.subscribe(({ state }) => {
      cancelTimer();
      watched.requests = 0;
      watched.isDue = false;
      if (state !== 'running') return;
      cancelTimer = clock.after(this.#afterMs, () => this.#isDue(watched));
    });
  }

  requestEnded(worker: object): void {
    const watched = this.#watched.get(worker);
    if (!watched) return;
    watched.requests++;
    if (watched.isDue || watched.requests >= this.#afterRequests) this.#isDue(watched);
  }

  #isDue(watched: Watched): void {
    watched.isDue = true;
    this.#next();
  }

  #next(): void {
    if (this.#isBusy) return;
    const due = [...this.#watched.values()].find((each) => each.isDue && each.isFree());
    if (!due) return;
    this.#isBusy = true;
    void due.restart().then(() => {
      this.#isBusy = false;
      this.#next();
    });
  }
}
