import type { Observable } from 'rxjs';
import type { RequestLimits } from './RequestLimits.js';

/**
 * Programs elsewhere behind one `ask`, such as a `natsPool`: the reply is defined where they run. Give it to `ask`
 * and `exchange` in place of a pool.
 */
export interface RemotePool<In, Reply> {
  /**
   * Sends one request per subscription; unsubscribing takes it back. `ask` and `exchange` call it, with their options
   * checked and filled in.
   */
  ask(request: In, limits: RequestLimits): Observable<Reply>;
}
