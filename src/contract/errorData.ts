import {
  ExitError,
  RestartLimitError,
  SimpleIpcError,
  SpawnError,
  type CommandWords,
} from './errors.js';
import type { Exit } from './exit.js';
import { isPlain, plainErrors, type PlainName } from './plainErrors.js';

/** The part of an exit that may leave its host. */
export type ExitData = Omit<Exit, 'command' | 'stderrTail'>;

/**
 * An error as data, for a client elsewhere: the name of its class, and what is harmless. The host's own is left out:
 * commands, paths, environment, process ids, stderr, and the text of errors that are not this library's.
 */
export interface ErrorData {
  /** The name of the class. */
  readonly name: string;
  /** The cause in words, without paths, commands or output of the host. */
  readonly reason?: string;
  /** The system's error code of a `SpawnError`. */
  readonly code?: string;
  /** How the run of an `ExitError` ended. */
  readonly exit?: ExitData;
  /** The exits of a `RestartLimitError`. */
  readonly exits?: readonly ExitData[];
  /** The last error before a `RestartLimitError`. */
  readonly cause?: ErrorData;
}

/** What the plain errors say where their own words stay on the host. */
const reasons: Readonly<Record<PlainName, string>> = {
  FramingError: 'wrote output that cannot be decoded',
  InputClosedError: 'ended, or closed its stdin, before the input was written',
  InputOverflowError: 'has too much input waiting',
  LineBreakError: 'was not sent a value that contains a line break',
  NotRunningError: 'is not running',
  ReplyTimeoutError: 'did not reply in time',
  RequestLostError: 'lost a request: whether it was executed is not known',
  StartTimeoutError: 'was not ready in time',
  UnhealthyError: 'did not reply in time',
};

/** Makes data of an error, without anything of the host. */
export function toErrorData(error: unknown): ErrorData {
  if (error instanceof ExitError) return { name: error.name, exit: toExitData(error.exit) };
  if (error instanceof SpawnError)
    return { name: error.name, ...(error.code && { code: error.code }) };
  if (error instanceof RestartLimitError) {
    const { name, exits, cause } = error;
    return { name, exits: exits.map(toExitData), cause: toErrorData(cause) };
  }
  const name = error instanceof SimpleIpcError ? error.name : 'SimpleIpcError';
  return { name: isPlain(name) ? name : 'SimpleIpcError' };
}

/**
 * Makes an error of the same class from data.
 *
 * @param name - what the program is called here, in place of its command.
 */
export function fromErrorData(name: string, data: ErrorData): SimpleIpcError {
  const command: CommandWords = [name];
  const { reason, code, exit, exits, cause } = data;
  if (data.name === 'ExitError' && exit) return new ExitError(toExit(command, exit));
  if (data.name === 'SpawnError') return new SpawnError(command, code ?? 'refused', { code });
  if (data.name === 'RestartLimitError') {
    const ended = (exits ?? []).map((each) => toExit(command, each));
    const last = cause && fromErrorData(name, cause);
    return new RestartLimitError(command, `ended ${ended.length} times`, ended, last);
  }
  if (!isPlain(data.name)) return new SimpleIpcError(command, reason ?? 'failed');
  return new plainErrors[data.name](command, reason ?? reasons[data.name]);
}

function toExitData({ generation, code, signal, reason, uptimeMs }: Exit): ExitData {
  return { generation, code, signal, reason, uptimeMs };
}

function toExit(command: CommandWords, data: ExitData): Exit {
  return { ...data, command, stderrTail: '' };
}
