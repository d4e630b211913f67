import type { Exit } from './exit.js';
import { explainingPart } from './explain.js';

/** The words of a command, as errors carry them: the program, then its arguments. */
export type CommandWords = readonly string[];

/**
 * The base of every error this library makes. The message names the command and the reason. (Wrong
 * arguments are a `TypeError` or `RangeError` at the call.)
 *
 * @example
 * ```ts
 * fromCommand('tar -tf backup.tar').subscribe({
 *   error: (error) => {
 *     if (error instanceof ExitError) console.error(error.exit.code, error.exit.stderrTail);
 *     else if (error instanceof SpawnError) console.error('Is tar installed?', error.reason);
 *   },
 * });
 * ```
 */
export class SimpleIpcError extends Error {
  /** The name of the class. */
  override readonly name: string = 'SimpleIpcError';
  /** The program and its arguments. */
  readonly command: CommandWords;

  /**
   * @param command - the program and its arguments.
   * @param reason - what happened, in words that go on from the command's name.
   * @param options - may have the `cause`.
   */
  constructor(command: CommandWords, reason: string, options?: ErrorOptions) {
    super(`${quote(command)} ${reason}`, options);
    this.command = command;
  }
}

/**
 * The program could not be started: there is none, or the system refused. `cause` is the system's error.
 * `restartOnExit` tries again only if it is `transient`, or if the program ran before.
 */
export class SpawnError extends SimpleIpcError {
  override readonly name = 'SpawnError';
  /** The system's error code, for example `ENOENT`. */
  readonly code: string | undefined;

  constructor(
    command: CommandWords,
    /** The system's reason, in words. */
    readonly reason: string,
    cause: unknown,
  ) {
    super(command, `could not be started: ${reason}`, { cause });
    this.code = codeOf(cause);
  }

  /** Whether another attempt may succeed: the system was short of processes, files or memory. */
  get transient(): boolean {
    return isTransient(this.code);
  }
}

/** The program ran and ended in failure: by a code that is not in `successExits`, or by a signal. */
export class ExitError extends SimpleIpcError {
  override readonly name = 'ExitError';

  constructor(
    /** How it ended. */
    readonly exit: Exit,
  ) {
    super(exit.command, `${endOf(exit)}${saidLast(exit.stderrTail)}`);
  }
}

/** A restart policy gave up. The message has the reason of the last exit; `cause` is its error. */
export class RestartLimitError extends SimpleIpcError {
  override readonly name = 'RestartLimitError';

  constructor(
    command: CommandWords,
    reason: string,
    /** The exits that used up the limit, oldest first. */
    readonly exits: readonly Exit[],
    cause: unknown,
  ) {
    super(command, `${reason}${lastTime(exits.at(-1), cause)}`, { cause });
  }
}

/** The program was not ready within `startTimeoutMs`, or `ready` failed, with its error as `cause`. */
export class StartTimeoutError extends SimpleIpcError {
  override readonly name = 'StartTimeoutError';
}

/**
 * The program could not be ended, and may still be running: it survived SIGKILL (it is in an uninterruptible sleep), or
 * it may not be signalled (EPERM: it runs as another user, as `sudo` does).
 */
export class StopError extends SimpleIpcError {
  override readonly name = 'StopError';

  constructor(
    command: CommandWords,
    /** The process that is left. */
    readonly pid: number,
    /** Whether the system refused to signal it. */
    readonly isForbidden = false,
  ) {
    const why = isForbidden ? 'may not be signalled by this user (EPERM)' : 'survived SIGKILL';
    super(command, `${why}: process ${String(pid)} is still there`);
  }
}

/** The output cannot be decoded. `cause` is the codec's error. */
export class FramingError extends SimpleIpcError {
  override readonly name = 'FramingError';
}

/** An input value did not fit into the queue (`maxPendingBytes`). */
export class InputOverflowError extends SimpleIpcError {
  override readonly name = 'InputOverflowError';
}

/** An input value was meant for a run that ended, or had closed its stdin, before it was written. */
export class InputClosedError extends SimpleIpcError {
  override readonly name = 'InputClosedError';
}

/** An input value was sent while nothing ran, or the life ended before a run could take it. */
export class NotRunningError extends SimpleIpcError {
  override readonly name = 'NotRunningError';
}

/** An input value contains a line break: it would arrive as two. */
export class LineBreakError extends SimpleIpcError {
  override readonly name = 'LineBreakError';
}

/**
 * The program ran, but was of no use, and was ended: it failed its `health` check, timed out before it ever replied, or
 * closed its stdin. `cause` is the time-out, if one was the reason.
 */
export class UnhealthyError extends SimpleIpcError {
  override readonly name = 'UnhealthyError';
}

/** No reply was complete within `timeoutMs`. */
export class ReplyTimeoutError extends SimpleIpcError {
  override readonly name = 'ReplyTimeoutError';
}

/**
 * A request was handed to a program elsewhere, and the way to it, or its host, was lost: whether it was executed is not
 * known. It is not asked again, unless it is `idempotent`.
 */
export class RequestLostError extends SimpleIpcError {
  override readonly name = 'RequestLostError';
}

/** The text of a command for messages: words joined, those with white space quoted, cut at 200. */
export function quote(command: CommandWords): string {
  const text = command
    .map((word) => (/^[^\s"]+$/.test(word) ? word : JSON.stringify(word)))
    .join(' ');
  return `"${text.length > 200 ? `${text.slice(0, 199)}…` : text}"`;
}

/** Whether a system error means that resources are short: processes, files or memory. */
export function isTransient(code: string | undefined): boolean {
  return ['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM'].includes(code ?? '');
}

/** The `code` of a system error, if it has one. */
export function codeOf(error: unknown): string | undefined {
  return textIn(error, 'code');
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return textIn(error, 'message') ?? String(error);
}

// Not by instanceof: an error may come from another realm, as under jest.
function textIn(error: unknown, key: 'code' | 'message'): string | undefined {
  if (typeof error !== 'object' || error === null || !(key in error)) return undefined;
  const text = (error as Record<typeof key, unknown>)[key];
  return typeof text === 'string' ? text : undefined;
}

function endOf(exit: Exit): string {
  return exit.signal ? `was ended by ${exit.signal}` : `exited with code ${String(exit.code)}`;
}

function saidLast(stderrTail: string): string {
  const lines = explainingPart(stderrTail);
  return lines && `; its stderr ends with:\n${lines}`;
}

/** A warning has the message alone: without the reason of the last exit it would be of no help. */
function lastTime(exit: Exit | undefined, cause: unknown): string {
  if (cause instanceof SimpleIpcError) {
    return `; the last time it ${cause.message.slice(quote(cause.command).length + 1)}`;
  }
  if (cause !== undefined) return `; the last time: ${messageOf(cause)}`;
  return exit ? `; the last time it ${endOf(exit)}` : '';
}
