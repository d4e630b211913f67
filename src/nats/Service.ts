import type { BehaviorSubject, Observable } from 'rxjs';

/** The state of a service, and its counts. */
export interface ServiceStatus {
  /** `connecting` until the queue is there, and while the connection is lost. */
  readonly state: 'connecting' | 'serving' | 'stopping' | 'stopped';
  /** Requests that are here: at a worker, or about to be. */
  readonly underWay: number;
  /** Idle workers that the broker knows of. */
  readonly offered: number;
  /** Requests whose reply was complete. */
  readonly replied: number;
  /** Requests that ended in an error of their asker's. */
  readonly failed: number;
  /** Requests that were given back to the broker, for another attempt. */
  readonly returned: number;
  /** Requests that nobody waited for any more. */
  readonly abandoned: number;
}

/** A pool that takes requests from a queue. */
export interface Service extends AsyncDisposable {
  /** Its state, now and at each change. Never errors, completes when it is stopped. */
  readonly status$: BehaviorSubject<ServiceStatus>;
  /**
   * The errors of requests, in full. Askers get those of this library without what concerns this host alone, and of
   * others only that there was one. Never errors, completes when it is stopped.
   */
  readonly errors$: Observable<unknown>;
  /** Takes no more requests and finishes those it has. The pool and the connection stay as they are. */
  stop(): Promise<void>;
}
