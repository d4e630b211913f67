import type { Observable, ObservableInput } from 'rxjs';
import type { LineInput } from '../framing/lines.js';
import type { StopSignal } from '../process/Program.js';

/**
 * What a fake program does: an operator from what it reads to what it prints, applied anew for each run.
 * Its completion is an exit with code 0, its error one with code 1, told on stderr. `input$` completes
 * at end-of-file. For all else that a program can do, there is `run`.
 */
export type FakeBehaviour<In = string, Out = LineInput> = (
  input$: Observable<In>,
  run: FakeRun<In, Out>,
) => ObservableInput<Out>;

/** What asks a program to end, from mild to rude. */
export type StopRequest = 'eof' | 'SIGTERM' | 'SIGKILL';

/** One run of a fake program: what the specs see of it, and can make it do. */
export interface FakeRun<In = string, Out = unknown> {
  /** What is run: the program and its arguments. */
  readonly command: readonly string[];
  /** The directory that was asked for, if one was. */
  readonly cwd: string | undefined;
  /** The environment that was asked for, if one was. */
  readonly env: NodeJS.ProcessEnv | undefined;
  /** An id that no system gives to a process: nobody can signal a stranger by mistake. */
  readonly pid: number;
  /** Whether it has not ended. */
  readonly isAlive: boolean;
  /** Whether its output is not being read, to slow it down. What it prints nevertheless arrives. */
  readonly isPaused: boolean;
  /** Whether its stdin was closed. */
  readonly isInputEnded: boolean;
  /** What it has read from stdin. */
  readonly received: readonly In[];
  /** The signals it got. */
  readonly signals: readonly StopSignal[];
  /** Writes to stdout. @throws Error if it has ended, and what the codec throws. */
  print(value: Out): void;
  /** Writes a line to stderr. @throws Error if it has ended. */
  printError(line: string): void;
  /** Exits. @throws Error if it has ended. */
  exit(code?: number): void;
  /** Ends as by a signal that nobody asked for. @throws Error if it has ended. */
  crash(signal?: NodeJS.Signals): void;
}
