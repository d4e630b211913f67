import type { Observable, Subject } from 'rxjs';
import type { RejectedInput } from '../contract/ReactiveWorker.js';
import type { WorkerStatus } from '../contract/status.js';
import type { RpcMessage } from './message.js';

/** The part of a worker that JSON-RPC uses: one of `createWorker`, or a remote one. */
export interface RpcWorker {
  /** The messages of the program. */
  readonly output$: Observable<RpcMessage>;
  /** Its state: a request in flight fails when its run ends. */
  readonly status$: Observable<StatusLike>;
  /** Where messages are sent. */
  readonly send: Pick<Subject<RpcMessage>, 'next'>;
  /** The messages that were not sent, and why. */
  readonly rejected$: Observable<RejectedInput<RpcMessage>>;
}

/** A status, of a worker here or elsewhere (without `pid`). */
export type StatusLike = WorkerStatus extends infer Status
  ? Status extends unknown
    ? Omit<Status, 'pid'>
    : never
  : never;
