/**
 * Why a run ended: it exited with one of `successExits`, or another code; a signal from elsewhere ended
 * it; it could not be spawned; or it was stopped, because it was not ready in time, its output could not
 * be decoded, its `input` failed, `restart()` was called, or the stop was requested. A program that exits with
 * success in the middle of a value has failed by `framing`, too.
 */
export type ExitReason =
  | 'success'
  | 'exit-code'
  | 'signal'
  | 'spawn-error'
  | 'start-timeout'
  | 'framing'
  | 'input-error'
  | 'unhealthy'
  | 'recycled'
  | 'stopped';

/** How a run ended: code or signal, and why. */
export interface Exit {
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** Which run of the worker it was, 1 for the first. */
  readonly generation: number;
  /** The exit code; `null` if a signal ended the program, or if it never started. */
  readonly code: number | null;
  /** The signal that ended the program, `null` if it exited by itself. */
  readonly signal: NodeJS.Signals | null;
  /** The meaning of the exit. A stop that this library began decides, not the code: a SIGTERM from elsewhere is `signal`. */
  readonly reason: ExitReason;
  /** Milliseconds from spawn to the program's exit, by a monotonic clock. */
  readonly uptimeMs: number;
  /** The last 64 KiB of stderr, for messages. */
  readonly stderrTail: string;
}
