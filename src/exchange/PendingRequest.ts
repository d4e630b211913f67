import { noop } from 'rxjs';
import type { ExitError } from '../contract/errors.js';
import type { Sender } from '../contract/Input.js';
import type { RequestLimits } from '../contract/RequestLimits.js';
import type { WorkerInternals } from '../contract/internals.js';

/** The owner of a request, as the request sees it. */
export interface RequestOwner<Out, In> {
  readonly worker: WorkerInternals<Out, In>;
  lost(request: PendingRequest<Out, In>, error: Error): void;
}

/** A request and the state of its attempts. There may be 100,000, so it is one plain object. */
export abstract class PendingRequest<Out, In> implements Sender {
  /** How often it was written. */
  attempts = 0;
  /** Which chunk of the output was the last before it was handed to the system; Infinity until then. */
  writtenAt = Infinity;
  /** When its last attempt began, or a value of its reply was emitted, by the worker's clock. */
  activeAt = 0;
  /** Why the last attempt did not reach the program, while its exit may still explain that. */
  lostBy: Error | undefined;
  /** The end of the run of the last attempt. */
  exitError: ExitError | undefined;
  cancelTimer = noop;

  constructor(
    readonly requests: RequestOwner<Out, In>,
    readonly value: In,
    readonly limits: RequestLimits,
  ) {}

  /** Whether it only asks whether the program is well: what the program writes beside is no surprise then. */
  abstract readonly isProbe: boolean;
  /** Whether a reply is still of use; if not, the request is not repeated. */
  abstract readonly isWanted: boolean;
  /** Reports a failure. It is no longer pending. */
  abstract fail(error: unknown): void;
  /** An attempt is about to be pushed, was pushed, or ended without a reply. */
  beginAttempt?(): void;
  pushed?(): void;
  abandonAttempt?(): void;
  /** `fail` follows in a later turn of the event loop. */
  failing?(): void;

  /** Whether the value that is being delivered can be its reply: it was read after the request was written. */
  get isAnswerable(): boolean {
    return this.writtenAt < this.requests.worker.position.chunks;
  }

  taken(): void {
    this.writtenAt = this.requests.worker.position.chunks;
  }

  lost(error: Error): void {
    this.requests.lost(this, error);
  }
}
