import type { Exit } from '../contract/exit.js';
import type {
  BackoffStatus,
  ExitedStatus,
  FailedStatus,
  RunningStatus,
  StartingStatus,
  StoppedStatus,
  StoppingStatus,
} from '../contract/status.js';

/**
 * The status of a worker that runs on a host: a `WorkerStatus` without the process id, so that code written for
 * this takes both.
 *
 * @example
 * ```ts
 * const isUp = ({ state }: RemoteStatus) => state === 'running';
 * ```
 */
export type RemoteStatus =
  | StoppedStatus
  | Omit<StartingStatus, 'pid'>
  | Omit<RunningStatus, 'pid'>
  | Omit<StoppingStatus, 'pid'>
  | ExitedStatus
  | BackoffStatus
  | FailedStatus;

/** An exit on the wire: without details it has no command and no stderr. */
export type WireExit = Omit<Exit, 'command' | 'stderrTail'> & Partial<Exit>;

/** An error on the wire. Of errors that this library does not know, nothing but `SimpleIpcError` is named. */
export interface WireError {
  readonly name: string;
  readonly reason?: string | undefined;
  readonly code?: string | undefined;
  readonly exit?: WireExit;
  readonly exits?: readonly WireExit[];
  readonly cause?: WireError;
}

/** A status on the wire. `restartAt` is a duration there: the clocks of two machines differ. */
export interface WireStatus {
  readonly state: string;
  readonly exit?: WireExit;
  readonly exits?: readonly WireExit[];
  readonly error?: WireError;
  readonly restartAt?: number;
}
