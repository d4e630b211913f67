import type { Observable, ObservableInput } from 'rxjs';
import type { Clock } from '../rx/clock.js';
import type { Codec } from '../framing/codec.js';
import type { Launch, LaunchPlan, StopSignal } from '../process/Program.js';

/** How long each step of a stop may take, in milliseconds; Infinity waits for ever. */
export interface StopTimes {
  /** From end-of-file to SIGTERM, or `signal`. */
  readonly endInputMs: number;
  /** From there to SIGKILL. */
  readonly terminateMs: number;
  /** From SIGKILL to giving up. */
  readonly killMs: number;
  /**
   * How long descendants may keep stdout or stderr open after the program has exited. Then, or when both are closed,
   * what is left of its group is ended.
   */
  readonly drainMs: number;
}

/** The stop ladder: its times, and the signal that asks the program to end. */
export interface StopOptions extends StopTimes {
  /**
   * The signal that asks the program and its group to end, after end-of-file: PostgreSQL takes SIGINT for a fast shutdown, nginx
   * SIGQUIT for a graceful one. Its stage is `term` all the same. Descendants that are left after the program has
   * exited get SIGTERM, as does everything when the host dies. (Windows has no signals: there it changes nothing.)
   */
  readonly signal: StopSignal;
}

/**
 * Decides when a program is ready: at the first emission. `output$` is the output of this run; `write`
 * goes ahead of all that is queued, and is dropped once the run no longer reads its input. If it throws, errors
 * or completes without a value, the run ends with a `StartTimeoutError`.
 */
export type Ready<Out, In> = (
  output$: Observable<Out>,
  write: (value: In) => void,
) => ObservableInput<unknown>;

/** All that a run needs to know, checked, defaults filled in. */
export interface RunPlan<Out, In> extends LaunchPlan {
  readonly name: string;
  readonly codec: Codec<Out, In>;
  readonly ready: Ready<Out, In> | undefined;
  readonly startTimeoutMs: number;
  readonly stop: StopOptions;
  readonly successExits: readonly number[];
  readonly maxLineBytes: number;
  readonly maxPendingBytes: number;
  readonly clock: Clock;
  readonly launch: Launch;
}
