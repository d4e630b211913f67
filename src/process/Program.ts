import type { CommandWords } from '../contract/errors.js';

/** A signal of the stop ladder. */
export type StopSignal = 'SIGTERM' | 'SIGCONT' | 'SIGKILL';

/** What to start, and how. */
export interface LaunchPlan {
  readonly command: CommandWords;
  readonly cwd: string | undefined;
  readonly env: NodeJS.ProcessEnv | undefined;
  readonly argv0: string | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  /** Whether stdin is a pipe; otherwise it is empty. */
  readonly input: boolean;
  readonly stderr: 'pipe' | 'inherit';
  /** Whether the program leads a process group of its own. */
  readonly ownGroup: boolean;
  /** Whether it is ended when the host dies. */
  readonly orphanGuard: boolean;
}

/** What a started program does. None of it is said before `launch` has returned. */
export interface ProgramEvents {
  /** It runs. */
  readonly spawned: () => void;
  /** The system refused to start it; nothing else follows. */
  readonly refused: (error: unknown) => void;
  readonly stdout: (chunk: Uint8Array) => void;
  readonly stderr: (chunk: Uint8Array) => void;
  /** The program itself was reaped. Descendants may go on, and output may still follow. */
  readonly exited: (code: number | null, signal: NodeJS.Signals | null) => void;
  /** Nothing more comes out of stdout and stderr. */
  readonly closed: () => void;
}

/** What is written at a time: a text, or chunks that belong together. */
export type ProgramInput = string | readonly Uint8Array[];

/**
 * A started program, as small as it can be: the real one is in `launch.ts`, and a fake one can stand
 * in for it.
 */
export interface Program {
  readonly pid: number | undefined;
  /** Writes to stdin; `done` is called once, when all was handed over or none of it ever will be. */
  write(data: ProgramInput, done: (error?: Error | null) => void): void;
  /** Closes stdin when all that was written is handed over. */
  end(): void;
  /** Stops reading stdout, until `resume`: the program blocks when the pipe is full. */
  pause(): void;
  resume(): void;
  /** Signals what is left of the group, or the program alone if it has no group of its own. */
  signal(signal: StopSignal): void;
  /** Whether anything of the group is left; a zombie counts as dead where that can be known. */
  alive(): boolean;
  /** Reads what is in the pipes, then closes our side of them; `closed` follows. */
  close(): void;
  /** Forgets the program: it is over. */
  release(): void;
}

/** Starts a program. */
export type Launch = (plan: LaunchPlan, events: ProgramEvents) => Program;

const nothing = (): void => undefined;

/** Stands for a program that the system refused to start. */
export const NOT_STARTED: Program = {
  pid: undefined,
  write: (_data, done) => done(new Error('the program was not started')),
  end: nothing,
  pause: nothing,
  resume: nothing,
  signal: nothing,
  alive: () => false,
  close: nothing,
  release: nothing,
};
