import type { SimpleIpcError } from './errors.js';
import type { Exit } from './exit.js';

/** Why a run is being stopped. */
export type StopCause =
  'requested' | 'recycled' | 'start-timeout' | 'framing' | 'input-error' | 'unhealthy';

/** The rungs of the stop ladder, from the gentlest to the last. */
export type StopStage = 'eof' | 'term' | 'kill';

/** At rest: never started, or stopped on request. */
export interface StoppedStatus {
  /** The discriminant. */
  readonly state: 'stopped';
  /** How the last run ended; absent if there was none. */
  readonly exit?: Exit;
}

/** The program is being spawned, or has not yet shown that it is ready. */
export interface StartingStatus {
  /** The discriminant. */
  readonly state: 'starting';
  /** Which run of the worker it is, 1 for the first. */
  readonly generation: number;
  /** The process id; absent if the system refused to spawn it; the reason follows in the run's exit. */
  readonly pid?: number;
}

/** The program is spawned, and ready if `ready` was given: its input flows. */
export interface RunningStatus {
  /** The discriminant. */
  readonly state: 'running';
  /** Which run of the worker it is, 1 for the first. */
  readonly generation: number;
  /** The process id. */
  readonly pid: number;
}

/** The stop ladder is being climbed. */
export interface StoppingStatus {
  /** The discriminant. */
  readonly state: 'stopping';
  /** Which run of the worker it is, 1 for the first. */
  readonly generation: number;
  /** The process id. */
  readonly pid: number;
  /** Why it is being stopped. */
  readonly cause: StopCause;
  /** How far the stop has come; each stage is a status of its own. */
  readonly stage: StopStage;
}

/** A run ended. A worker rests here only after a success. */
export interface ExitedStatus {
  /** The discriminant. */
  readonly state: 'exited';
  /** How it ended. */
  readonly exit: Exit;
}

/** A restart is due. */
export interface BackoffStatus {
  /** The discriminant. */
  readonly state: 'backoff';
  /** How the run before ended. */
  readonly exit: Exit;
  /** Consecutive restarts, 1 for the first. */
  readonly attempt: number;
  /** How long the wait is in all, in milliseconds. */
  readonly delayMs: number;
  /** When the next run begins, in the scheduler's milliseconds (since the epoch by default). */
  readonly restartAt: number;
}

/** At rest: the life ended in failure. */
export interface FailedStatus {
  /** The discriminant. */
  readonly state: 'failed';
  /** Why. */
  readonly error: SimpleIpcError;
  /** The last exits of that life, oldest first, at most 16. */
  readonly exits: readonly Exit[];
}

/**
 * The value of `status$`: the running state of a worker. `state` decides which other fields it has. At rest it is
 * `stopped`, `exited` or `failed`.
 *
 * @example
 * ```ts
 * worker.status$.subscribe((status) => {
 *   if (status.state === 'failed') console.error(status.error.message);
 *   if (status.state === 'backoff') console.warn(`restarted in ${status.delayMs} ms`);
 * });
 * ```
 */
export type WorkerStatus =
  | StoppedStatus
  | StartingStatus
  | RunningStatus
  | StoppingStatus
  | ExitedStatus
  | BackoffStatus
  | FailedStatus;

/** How many exits a life remembers for its `failed` status. */
export const MAX_EXITS = 16;
