import type { Observable } from 'rxjs';
import type { RequestTracer } from '../contract/RequestTracer.js';
import type { RequestLimits } from '../contract/RequestLimits.js';
import type { ReplyPlan } from './ReplyRequest.js';

/** Several programs of this host that share requests: the caller defines the reply. */
export interface LocalTarget<Out, In> {
  readonly isRemote: false;
  /** How many requests it takes at a time. */
  readonly size: number;
  readonly tracer: RequestTracer;
  ask<Reply>(request: In, plan: ReplyPlan<Out, In, Reply>): Observable<Reply>;
}

/** Programs elsewhere; the reply is defined where they run. */
export interface RemoteTarget<In, Reply> {
  readonly isRemote: true;
  /** How many requests `exchange` has under way or queued at a time, by default. */
  readonly size: number;
  readonly tracer: RequestTracer;
  ask(request: In, limits: RequestLimits): Observable<Reply>;
}

/**
 * The targets of `ask` and `exchange` other than single workers, by the object that users pass: pools register
 * themselves here. (Each entry has the types of that object.)
 */
export const askTargets = new WeakMap<object, unknown>();

/** The target behind an object that users pass; `undefined` if it is none. */
export function askTargetOf<Out, In>(
  pool: object,
): LocalTarget<Out, In> | RemoteTarget<In, Out> | undefined {
  return askTargets.get(pool) as LocalTarget<Out, In> | RemoteTarget<In, Out> | undefined;
}
