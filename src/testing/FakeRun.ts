import type { Observable, ObservableInput } from 'rxjs';
import type { LineInput } from '../framing/lines.js';
import type { LadderSignal, StopSignal } from '../process/Program.js';

/**
 * The behaviour of a fake program: an operator from its input to its output, applied once per run. Completion is
 * an exit with code 0; an error is written to stderr and is an exit with code 1. `input$` completes at
 * end-of-file. `run` does everything else that a program can do.
 */
export type FakeBehaviour<In = string, Out = LineInput> = (
  input$: Observable<In>,
  run: FakeRun<In, Out>,
) => ObservableInput<Out>;

/** The ways to ask a program to end, from gentle to forced. */
export type StopRequest = 'eof' | StopSignal | 'SIGKILL';

/** One run of a fake program: its state, for a spec to read, and its actions, for a spec to call. */
export interface FakeRun<In = string, Out = unknown> {
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** The requested directory, if any. */
  readonly cwd: string | undefined;
  /** The requested environment, if any. */
  readonly env: NodeJS.ProcessEnv | undefined;
  /** An id that no system gives to a process: signalling it reaches no other process. */
  readonly pid: number;
  /** Whether the run has not ended. */
  readonly isAlive: boolean;
  /** Whether the worker has stopped reading its output, to slow it down. Printed values arrive nevertheless. */
  readonly isPaused: boolean;
  /** Whether its stdin is closed. */
  readonly isInputEnded: boolean;
  /** The values that it has read from stdin. */
  readonly received: readonly In[];
  /** The signals that it has received. */
  readonly signals: readonly LadderSignal[];
  /** Writes a value to stdout. @throws Error if the run has ended, or that of the codec. */
  print(value: Out): void;
  /** Writes a line to stderr. @throws Error if the run has ended. */
  printError(line: string): void;
  /** Exits. @throws Error if the run has ended. */
  exit(code?: number): void;
  /** Ends as by a signal from outside. @throws Error if the run has ended. */
  crash(signal?: NodeJS.Signals): void;
}
