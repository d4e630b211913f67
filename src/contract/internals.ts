import type { Observable } from 'rxjs';
import type { Exit } from './exit.js';
import type { CommandWords, SimpleIpcError, UnhealthyError } from './errors.js';
import type { ReactiveWorker } from './ReactiveWorker.js';
import type { WorkerStatus } from './status.js';
import type { ReadPosition } from './ReadPosition.js';
import type { Input } from './Input.js';
import type { Clock } from '../rx/clock.js';
import type { RequestTracer } from './RequestTracer.js';
import type { Mutex } from '../rx/Mutex.js';
import type { SharedPause } from '../rx/SharedPause.js';

/** The part of a worker that operators use beyond its public interface. */
export interface WorkerInternals<Out, In> {
  readonly output$: Observable<Out>;
  readonly command: CommandWords;
  readonly clock: Clock;
  readonly input: Input<In>;
  readonly position: ReadPosition;
  /** See `StatusWriter`. */
  readonly statusChanges$: Observable<WorkerStatus>;
  /** Pauses the program. */
  readonly pause: SharedPause;
  /** The turns of requests. */
  readonly mutex: Mutex;
  readonly tracer: RequestTracer;
  readonly supervisor: {
    readonly ended$: Observable<Exit>;
    readonly rest$: Observable<SimpleIpcError | undefined>;
    /** Whether a policy decides what follows a run. */
    readonly isSupervised: boolean;
    writable(): Promise<void> | undefined;
    restart(): Promise<void>;
    /** Ends the run as a failure, which the policy counts. */
    endRun(error: UnhealthyError): void;
  };
  /** Emits output that no request asked for. */
  unsolicited(value: Out): void;
}

// A worker's own `In` is what was put in for it.
export const internals = new WeakMap<object, unknown>();

/** @throws TypeError if it is not a worker, or that of another copy of this module. */
export function internalsOf<Out, In>(
  worker: ReactiveWorker<Out, In> | Pick<ReactiveWorker<Out, In>, 'output$'>,
): WorkerInternals<Out, In> {
  const found = internals.get(worker);
  if (!found) {
    const other: unknown = worker;
    const isAlike =
      typeof other === 'object' && other !== null && 'output$' in other && 'restart' in other;
    throw new TypeError(
      isAlike
        ? 'worker was made by another copy of simple-ipc (ES module and CommonJS mixed?)'
        : 'worker must be one that createWorker() made',
    );
  }
  return found as WorkerInternals<Out, In>;
}
