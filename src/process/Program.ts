import type { CommandWords } from '../contract/errors.js';

/** A signal that asks a program to end. Which one a program takes for that is in its manual. */
export type StopSignal =
  'SIGTERM' | 'SIGINT' | 'SIGQUIT' | 'SIGHUP' | 'SIGUSR1' | 'SIGUSR2' | 'SIGWINCH';

/** All of them. */
export const STOP_SIGNALS: readonly StopSignal[] = [
  'SIGTERM',
  'SIGINT',
  'SIGQUIT',
  'SIGHUP',
  'SIGUSR1',
  'SIGUSR2',
  'SIGWINCH',
];

/** A signal of the stop ladder. */
export type LadderSignal = StopSignal | 'SIGCONT' | 'SIGKILL';

/** The program to start, and how to start it. */
export interface LaunchPlan {
  /** The program and its arguments. */
  readonly command: CommandWords;
  /** Its working directory; otherwise the host's. */
  readonly cwd: string | undefined;
  /** Its whole environment; otherwise the host's. */
  readonly env: NodeJS.ProcessEnv | undefined;
  /** The name by which the program sees itself; otherwise that in the command. */
  readonly argv0: string | undefined;
  /** The user that it runs as (POSIX). */
  readonly uid: number | undefined;
  /** The group that it runs as (POSIX). */
  readonly gid: number | undefined;
  /** Whether stdin is a pipe; otherwise it is empty. */
  readonly input: boolean;
  /** Whether stderr is a pipe, or the host's own. */
  readonly stderr: 'pipe' | 'inherit';
  /** Whether the program leads a process group of its own. */
  readonly ownGroup: boolean;
  /** Whether it is ended when the host dies. */
  readonly orphanGuard: boolean;
}

/** The events of a started program. None is emitted before `launch` has returned. */
export interface ProgramEvents {
  /** The program is running. */
  readonly spawned: () => void;
  /** The operating system refused to start it; no other event follows. */
  readonly refused: (error: unknown) => void;
  /** A chunk of stdout was read. */
  readonly stdout: (chunk: Uint8Array) => void;
  /** A chunk of stderr was read. */
  readonly stderr: (chunk: Uint8Array) => void;
  /** The program itself was reaped. Descendants may go on, and output may still follow. */
  readonly exited: (code: number | null, signal: NodeJS.Signals | null) => void;
  /** stdout and stderr are at their end. */
  readonly closed: () => void;
}

/** The data of one write: a text, or chunks that are written together. */
export type ProgramInput = string | readonly Uint8Array[];

/** A started program: the port to the operating system. `launch.ts` has the real one; a fake can replace it. */
export interface Program {
  /** Its process id; `undefined` if it was not started. */
  readonly pid: number | undefined;
  /** Whether the system refused the last signal (EPERM). @defaultValue false */
  readonly isForbidden?: boolean;
  /** Writes to stdin; `done` is called once, when the system has taken all of the data or the write has failed. */
  write(data: ProgramInput, done: (error?: Error | null) => void): void;
  /** Closes stdin after the pending writes. */
  end(): void;
  /** Stops reading stdout until `resume`: the program blocks once the pipe is full. */
  pause(): void;
  /** Reads stdout again. */
  resume(): void;
  /** Signals the remaining processes of the group, or the program alone if it has no group of its own. */
  signal(signal: LadderSignal): void;
  /** Whether anything of the group is left; a zombie counts as dead where that can be known. */
  alive(): boolean;
  /** Reads the pipes until they are empty, then closes this side of them; `closed` follows. */
  close(): void;
  /** Releases the handles of a program that has ended. */
  release(): void;
}

/** Starts a program. */
export type Launch = (plan: LaunchPlan, events: ProgramEvents) => Program;

const nothing = (): void => undefined;

/** The program of a start that the system refused. */
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
