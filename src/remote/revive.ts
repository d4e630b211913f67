import {
  ExitError,
  RestartLimitError,
  SimpleIpcError,
  SpawnError,
  StopError,
} from '../contract/errors.js';
import type { Exit } from '../contract/exit.js';
import { isPlain, plainErrors } from '../contract/plainErrors.js';
import { RefusedError } from '../link/bridgeErrors.js';
import type { RemoteStatus, WireError, WireExit, WireStatus } from '../link/RemoteStatus.js';

/** Makes the real classes of what a host sent. Their command is the name that the client knows the worker by. */
export class Reviver {
  readonly #command: readonly string[];

  constructor(name: string) {
    this.#command = [name];
  }

  readonly #exit = (wire: WireExit): Exit => ({ command: this.#command, stderrTail: '', ...wire });

  status(wire: WireStatus, date: number): RemoteStatus {
    const { exit, exits, error, restartAt } = wire;
    return {
      ...wire,
      ...(exit && { exit: this.#exit(exit) }),
      ...(exits && { exits: exits.map(this.#exit) }),
      ...(error && { error: this.error(error) }),
      ...(restartAt !== undefined && { restartAt: restartAt + date }),
    } as RemoteStatus;
  }

  error(wire: WireError): SimpleIpcError {
    const { name, reason = '', exit, exits = [], cause } = wire;
    const command = this.#command;
    if (name === 'ExitError' && exit) return new ExitError(this.#exit(exit));
    if (name === 'SpawnError') return new SpawnError(command, reason, wire);
    if (name === 'RefusedError') return new RefusedError(command, reason);
    if (name === 'StopError') return new StopError(command, -1);
    if (name === 'RestartLimitError') {
      const ended = exits.map(this.#exit);
      return new RestartLimitError(command, reason, ended, cause && this.error(cause));
    }
    return new (isPlain(name) ? plainErrors[name] : SimpleIpcError)(command, reason);
  }
}
