import { Logger, type LoggerService, type ModuleMetadata } from '@nestjs/common';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { map, VirtualTimeScheduler } from 'rxjs';
import { restartOnExit, type ReactiveWorker } from 'simple-ipc';
import { getWorkerOverridesToken, getWorkerToken, WorkerModule } from 'simple-ipc/nestjs';
import { advance, fakeProgram } from 'simple-ipc/testing';
import { use } from '../support/programs.js';

/** The calls of Nest's logger: level, context, message. */
export class RecordingLogger implements LoggerService {
  readonly lines: string[] = [];
  readonly log = this.#record('log');
  readonly warn = this.#record('warn');
  readonly error = this.#record('error');
  readonly debug = this.#record('debug');

  of(context: string): string[] {
    return this.lines.filter((line) => line.includes(` ${context}: `));
  }

  #record(level: string) {
    return (message: unknown, ...rest: unknown[]) =>
      this.lines.push(`${level} ${String(rest.at(-1))}: ${String(message)}`);
  }
}

/** A program in memory that doubles numbers, in virtual time. */
export function doubler() {
  const scheduler = new VirtualTimeScheduler();
  const program = fakeProgram(
    map((line: string) => Number(line) * 2),
    { scheduler },
  );
  return { program, pass: (ms: number) => advance(scheduler, ms) };
}

/** An application whose worker `engine` is a doubler, restarted after 50 ms. */
export async function startApplication(
  metadata: ModuleMetadata = {},
  change: (builder: TestingModuleBuilder) => TestingModuleBuilder = (builder) => builder,
) {
  const engine = doubler();
  const logger = new RecordingLogger();
  const builder = Test.createTestingModule({
    ...metadata,
    imports: [
      WorkerModule.register({
        name: 'engine',
        command: 'doubler',
        supervise: restartOnExit({ delayMs: 50, jitter: false, maxRestarts: 1 }),
      }),
      ...(metadata.imports ?? []),
    ],
  })
    .overrideProvider(getWorkerOverridesToken('engine'))
    .useValue(engine.program.options)
    .setLogger(logger);
  const module = await change(builder).compile();
  const app = module.createNestApplication();
  Logger.overrideLogger(logger);
  await app.init();
  let closed: Promise<void> | undefined;
  /** Closes the application, and lets the time of its programs pass meanwhile. */
  const close = () => (closed ??= Promise.all([app.close(), engine.pass(60_000)]).then(() => {}));
  use({ [Symbol.asyncDispose]: close });
  const worker = app.get<ReactiveWorker>(getWorkerToken('engine'), { strict: false });
  await engine.pass(0);
  return { app, worker, logger, close, ...engine };
}
