import type { Observable } from 'rxjs';

/** The limits of one request, all given. */
export interface RemoteLimits {
  /** For the whole reply, in milliseconds; Infinity is without limit. */
  readonly timeoutMs: number;
  /** How often it may be executed in all, 1 or more. */
  readonly attempts: number;
}

/** Programs elsewhere. What makes a reply of their output is known there. */
export interface RemotePool<In, Reply> {
  /** Asks at each subscription; unsubscribing takes the request back. */
  ask(request: In, limits: RemoteLimits): Observable<Reply>;
}
