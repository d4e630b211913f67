import type { Observable } from 'rxjs';
import type { RequestLimits } from './exchangeInTurn.js';

/** How `exchange` asks what shares requests among several: a pool, here or elsewhere. */
export interface PoolTarget<Out, In> {
  /** How many requests it takes at a time. */
  readonly size: number;
  ask<Reply>(
    reply: (output$: Observable<Out>, request: In) => Observable<Reply>,
    limits: RequestLimits,
  ): (request: In) => Observable<Reply>;
}

/** Who can be asked so. */
export const poolTargets = new WeakMap<object, unknown>();
