import {
  ExitError,
  quote,
  RestartLimitError,
  SimpleIpcError,
  SpawnError,
} from '../contract/errors.js';
import type { Exit } from '../contract/exit.js';
import type { PlainName } from '../contract/plainErrors.js';
import type { WorkerStatus } from '../contract/status.js';
import { RefusedError } from '../link/bridgeErrors.js';
import type { WireError, WireExit, WireStatus } from '../link/RemoteStatus.js';

/** The messages for clients without a right to details: an error's own has the command, paths and output of the program. */
const REASONS: Readonly<Record<string, string>> = {
  FramingError: 'wrote what cannot be decoded',
  InputClosedError: 'ended, or closed its stdin, before this was written',
  InputOverflowError: 'reads too slowly: too much is waiting',
  LineBreakError: 'takes one line at a time: this has a line break',
  NotRunningError: 'is not running: nothing reads its input',
  ReplyTimeoutError: 'did not reply in time',
  RequestLostError: 'lost this request',
  StartTimeoutError: 'was not ready in time',
  StopError: 'survived SIGKILL',
  UnhealthyError: 'did not reply in time',
} satisfies Record<PlainName | 'StopError', string>;

/**
 * Makes what goes over the wire of statuses and errors. Without `details` that is no command, argument, path, process
 * id, environment, stderr, nor the text of an error that this library does not know.
 */
export class Redactor {
  constructor(private readonly details: boolean) {}

  status(status: WorkerStatus, date: number): WireStatus {
    const { pid, ...rest } = status as WorkerStatus & { pid?: number };
    return {
      ...rest,
      ...(this.details && pid !== undefined && { pid }),
      ...('exit' in status && { exit: this.#exit(status.exit) }),
      ...('exits' in status && { exits: status.exits.map((exit) => this.#exit(exit)) }),
      ...('error' in status && { error: this.error(status.error) }),
      ...('restartAt' in status && { restartAt: status.restartAt - date }),
    } as WireStatus;
  }

  error(error: unknown): WireError {
    if (!(error instanceof SimpleIpcError)) return { name: 'SimpleIpcError', reason: 'failed' };
    const { name } = error;
    if (error instanceof RefusedError) return { name, reason: error.reason };
    if (error instanceof ExitError) return { name, exit: this.#exit(error.exit) };
    if (error instanceof SpawnError) {
      const { code, reason } = error;
      return { name, code, reason: this.details ? reason : (code ?? 'refused') };
    }
    if (error instanceof RestartLimitError) {
      const exits = error.exits.map((exit) => this.#exit(exit));
      const reason = `was given up: it ended ${exits.length} times`;
      return { name, reason, exits, cause: this.error(error.cause) };
    }
    if (!Object.hasOwn(REASONS, name)) return { name: 'SimpleIpcError', reason: 'failed' };
    const own = error.message.slice(quote(error.command).length + 1);
    return { name, reason: this.details ? own : REASONS[name] };
  }

  #exit(exit: Exit): WireExit {
    if (this.details) return exit;
    const { generation, code, signal, reason, uptimeMs } = exit;
    return { generation, code, signal, reason, uptimeMs };
  }
}
