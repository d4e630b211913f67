import { filter } from 'rxjs';
import {
  createWorker,
  ExitError,
  RestartLimitError,
  SimpleIpcError,
  SpawnError,
  type CommandWords,
  type Exit,
  type ExitReason,
  type FailedStatus,
  type StopCause,
  type StopStage,
  type WorkerStatus,
} from 'simple-ipc';
import { expectTypeOf } from './expectTypeOf.js';

const worker = createWorker('bc');
const status: WorkerStatus = worker.status$.value;

expectTypeOf(status.state).is<
  'stopped' | 'starting' | 'running' | 'stopping' | 'exited' | 'backoff' | 'failed'
>();
switch (status.state) {
  case 'stopped':
    expectTypeOf(status.exit).is<Exit | undefined>();
    break;
  case 'starting':
    expectTypeOf(status.generation).is<number>();
    expectTypeOf(status.pid).is<number | undefined>();
    break;
  case 'running':
    expectTypeOf(status.pid).is<number>();
    break;
  case 'stopping':
    expectTypeOf(status.cause).is<StopCause>();
    expectTypeOf(status.stage).is<StopStage>();
    break;
  case 'exited':
    expectTypeOf(status.exit).is<Exit>();
    expectTypeOf(status.exit.reason).is<ExitReason>();
    break;
  case 'backoff':
    expectTypeOf(status.attempt).is<number>();
    expectTypeOf(status.delayMs).is<number>();
    expectTypeOf(status.restartAt).is<number>();
    break;
  case 'failed':
    expectTypeOf(status.error).is<SimpleIpcError>();
    expectTypeOf(status.exits).is<readonly Exit[]>();
    break;
  default:
    // There is no other.
    expectTypeOf(status).is<never>();
}

// A filter narrows as well.
worker.status$
  .pipe(filter((each) => each.state === 'failed'))
  .subscribe((failed) => expectTypeOf(failed).is<FailedStatus>());

declare const error: unknown;
if (error instanceof SpawnError) {
  expectTypeOf(error.name).is<'SpawnError'>();
  expectTypeOf(error.code).is<string | undefined>();
  expectTypeOf(error.reason).is<string>();
  expectTypeOf(error.transient).is<boolean>();
}
if (error instanceof ExitError) expectTypeOf(error.exit).is<Exit>();
if (error instanceof RestartLimitError) expectTypeOf(error.exits).is<readonly Exit[]>();
if (error instanceof SimpleIpcError) {
  expectTypeOf(error.command).is<CommandWords>();
  expectTypeOf(error.cause).is<unknown>();
  // @ts-expect-error -- for that, ask which error it is
  expectTypeOf(error.exit).is<Exit>();
}

// @ts-expect-error -- only a worker that runs has one for sure
expectTypeOf(status.pid).is<number>();
// @ts-expect-error -- only one that failed has an error
expectTypeOf(status.error).is<SimpleIpcError>();
// @ts-expect-error -- there is no such state
expectTypeOf(status.state === 'crashed').is<boolean>();
