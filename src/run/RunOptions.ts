import type { SchedulerLike } from 'rxjs';
import {
  boolean,
  callable,
  integer,
  listOf,
  methods,
  nonNegative,
  object,
  oneOf,
  text,
  type Check,
} from '../contract/check.js';
import { fields, type Checks } from '../contract/options.js';
import { clockOf } from '../rx/clock.js';
import { nameOf, parseCommand, type Command } from '../contract/command.js';
import type { Codec, WithCodec } from '../framing/codec.js';
import { lines, type LineInput } from '../framing/lines.js';
import { launch as launchReal } from '../process/launch.js';
import { STOP_SIGNALS, type Launch } from '../process/Program.js';
import type { Ready, RunPlan, StopOptions } from './RunPlan.js';

/** Options of a run, the same wherever a program is run. */
export interface RunOptions<Out = string, In = LineInput> {
  /**
   * What events and metrics call it: a word of few values, no argument and no secret.
   * @defaultValue the base name of the executable
   */
  readonly name?: string;
  /** The directory it runs in. @defaultValue that of the host */
  readonly cwd?: string;
  /**
   * Its whole environment, as in Node: spread `process.env` to add to it, or `inherit('PATH', …)` to give it those
   * variables alone. @defaultValue that of the host, with all its secrets
   */
  readonly env?: NodeJS.ProcessEnv;
  /** The name that the program sees as its own (`argv[0]`). @defaultValue the command's first word */
  readonly argv0?: string;
  /** The id of the user it runs as (POSIX). @defaultValue that of the host */
  readonly uid?: number;
  /** The id of the group it runs as (POSIX). @defaultValue that of the host */
  readonly gid?: number;
  /** How stdout becomes values and values become stdin. @defaultValue `lines()` */
  readonly codec?: Codec<Out, In>;
  /**
   * Whether stderr is read, or sent to the host's own (`'inherit'`): then `stderr$` is silent, and errors cannot
   * quote it. @defaultValue `'pipe'`
   */
  readonly stderr?: 'pipe' | 'inherit';
  /** The exit codes that are a success. @defaultValue `[0]` */
  readonly successExits?: readonly number[];
  /** Makes the run `running` at its first emission; see {@link Ready}. @defaultValue running as soon as it is spawned */
  readonly ready?: Ready<Out, In>;
  /** How long `ready` may take, in milliseconds; then `StartTimeoutError`. @defaultValue 90,000, as in systemd */
  readonly startTimeoutMs?: number;
  /**
   * The times of the stop ladder, in milliseconds, and its signal.
   * @defaultValue 1,000, 5,000, 2,000 and 1,000; `'SIGTERM'`
   */
  readonly stop?: Partial<StopOptions>;
  /**
   * Whether the program leads a process group (POSIX: a session) of its own, so that it is stopped
   * with all its descendants. `false` is for a program that must keep the host's terminal.
   * @defaultValue true
   */
  readonly ownGroup?: boolean;
  /**
   * Whether the program is ended when the host dies, however it dies (POSIX; on Windows the system
   * does it). @defaultValue true
   */
  readonly orphanGuard?: boolean;
  /** The longest line, in bytes, before the run fails with a `FramingError`. @defaultValue 64 MiB */
  readonly maxLineBytes?: number;
  /**
   * How much may wait, in bytes: input, before values are rejected; and output that a slow reader has to keep because
   * it cannot be left in the pipe. A program that writes more before it is ready fails with a `StartTimeoutError`; one
   * that is being stopped is read no further. @defaultValue 64 MiB
   */
  readonly maxPendingBytes?: number;
  /** Time, for tests: see `simple-ipc/testing`. @defaultValue the system's monotonic clock */
  readonly scheduler?: SchedulerLike;
  /** The function that starts programs, for tests: see `fakeProgram`. @defaultValue the operating system */
  readonly launch?: Launch;
}

/** The environment: text under names that are text. */
const env: Check = (name, value) => {
  object(name, value);
  for (const [key, each] of Object.entries(value as NodeJS.ProcessEnv)) {
    if (each !== undefined) text(`${name}.${key}`, each);
    text(`${name}: the name ${key}`, key);
  }
};

/** The checks of {@link RunOptions}. */
export const RUN_CHECKS = {
  name: text,
  cwd: text,
  env,
  argv0: text,
  uid: integer,
  gid: integer,
  codec: methods('decoder', 'encode'),
  stderr: oneOf('pipe', 'inherit'),
  successExits: listOf('numbers', integer),
  ready: callable,
  startTimeoutMs: nonNegative,
  stop: fields({
    signal: oneOf(...STOP_SIGNALS),
    endInputMs: nonNegative,
    terminateMs: nonNegative,
    killMs: nonNegative,
    drainMs: nonNegative,
  } satisfies Checks<StopOptions>),
  ownGroup: boolean,
  orphanGuard: boolean,
  maxLineBytes: nonNegative,
  maxPendingBytes: nonNegative,
  scheduler: methods('now', 'schedule'),
  launch: callable,
} satisfies Checks<RunOptions>;

const MIB = 1024 * 1024;

/**
 * Fills in the defaults of options that are checked.
 *
 * @param input - whether stdin is a pipe.
 * @throws TypeError if the command is none.
 */
export function planRun<Out, In>(
  command: Command,
  options: RunOptions<Out, In>,
  input: boolean,
): RunPlan<Out, In> {
  const words = parseCommand(command);
  const {
    name = nameOf(words),
    cwd,
    env,
    argv0,
    uid,
    gid,
    codec = usualCodec<Out, In>(),
    stderr = 'pipe',
    successExits = [0],
    ready,
    startTimeoutMs = 90_000,
    stop: {
      endInputMs = 1_000,
      terminateMs = 5_000,
      killMs = 2_000,
      drainMs = 1_000,
      signal = 'SIGTERM',
    } = {},
    ownGroup = true,
    orphanGuard = true,
    maxLineBytes = 64 * MIB,
    maxPendingBytes = 64 * MIB,
    scheduler,
    launch = launchReal,
  } = options;
  return {
    name,
    command: words,
    cwd,
    env,
    argv0,
    uid,
    gid,
    codec,
    stderr,
    successExits,
    ready,
    startTimeoutMs,
    stop: { endInputMs, terminateMs, killMs, drainMs, signal },
    ownGroup,
    orphanGuard,
    maxLineBytes,
    maxPendingBytes,
    clock: clockOf(scheduler),
    launch,
    input,
  };
}

/** Fills in the default codec, for functions that pass options on. */
export function withCodec<Out, In, Options extends object>(
  options: Options & Partial<WithCodec<Out, In>>,
): Options & WithCodec<Out, In> {
  const { codec = usualCodec<Out, In>() } = options;
  return { ...options, codec };
}

/** Without a codec, Out and In are what lines() makes of them: the public declarations see to that. */
function usualCodec<Out, In>(): Codec<Out, In> {
  return lines() as unknown as Codec<Out, In>;
}
