import type { MessageEvent } from '@nestjs/common';
import { map, merge, type Observable } from 'rxjs';
import type { ReactiveWorker } from '../contract/ReactiveWorker.js';
import { untilShutdown } from './untilShutdown.js';

/**
 * Makes server-sent events of a worker, for `@Sse()`: each value of its output is a message, each status an event
 * `status` whose data is the state. A client gets the state at once, then what comes. The stream completes when the
 * application begins to shut down. An event stream knows no back-pressure: Nest keeps what a slow client has not read,
 * so give it what clients can follow, or use the bridge (`simple-ipc/host`).
 *
 * @example
 * ```ts
 * class EngineController {
 *   constructor(@InjectWorker('engine') private readonly engine: ReactiveWorker) {}
 *
 *   // @Sse('lines')
 *   lines() {
 *     return toSse(this.engine);
 *   }
 * }
 * ```
 *
 * @param worker - a worker of {@link WorkerModule}.
 * @returns the events; never errors. Unsubscribing, as when a client leaves, does nothing to the worker.
 * @see {@link untilShutdown}, for streams of one's own
 */
export function toSse(
  worker: Pick<ReactiveWorker<unknown, unknown>, 'output$' | 'status$'>,
): Observable<MessageEvent> {
  return merge(
    worker.status$.pipe(map(({ state }): MessageEvent => ({ type: 'status', data: state }))),
    worker.output$.pipe(map((value): MessageEvent => ({ data: toData(value) }))),
  ).pipe(untilShutdown(worker));
}

/** Nest writes text as it is, and objects as JSON. */
function toData(value: unknown): string | object {
  if (typeof value === 'string') return value;
  return typeof value === 'object' && value !== null ? value : JSON.stringify(value);
}
