import {
  Module,
  type DynamicModule,
  type FactoryProvider,
  type ModuleMetadata,
  type Provider,
} from '@nestjs/common';
import { text } from '../contract/check.js';
import type { Command } from '../contract/command.js';
import type { Pool } from '../contract/Pool.js';
import type { ReactiveWorker } from '../contract/ReactiveWorker.js';
import type { LineInput } from '../framing/lines.js';
import type { PoolOptions } from '../pool/CommandPool.js';
import { createPool } from '../pool/createPool.js';
import { createWorker, type WorkerOptions } from '../worker/createWorker.js';
import { DEFAULT_NAME, getWorkerOverridesToken, getWorkerToken } from './InjectWorker.js';
import { logWorker } from './logWorker.js';
import { WorkerShutdown, WorkerShutdownModule } from './WorkerShutdown.js';

/** The options of a module with one worker: a command, and the options of `createWorker`. */
export interface SingleWorkerOptions<Out = string, In = LineInput> extends WorkerOptions<Out, In> {
  /** The program and its arguments, as a string split at white space, or as a list. */
  readonly command: Command;
  /** Makes a pool instead, see {@link WorkerPoolOptions}. */
  readonly size?: undefined;
}

/** The options of a module with a pool: a command, a `size`, and the other options of `createPool`. */
export interface WorkerPoolOptions<Out = string, In = LineInput> extends PoolOptions<Out, In> {
  /** The program and arguments of each worker, as a string split at white space, or as a list. */
  readonly command: Command;
}

/** The options of a module: with a `size` it has a pool, without one a worker. */
export type WorkerModuleOptions<Out = string, In = LineInput> =
  SingleWorkerOptions<Out, In> | WorkerPoolOptions<Out, In>;

/** A worker or pool, and its name. */
export type Registration<Out = string, In = LineInput> = WorkerModuleOptions<Out, In> & {
  /** The name to inject it by: `@InjectWorker(name)`. @defaultValue `'default'` */
  readonly name?: string;
};

/** A worker or pool whose options are known to a factory only; its name is known before. */
export interface AsyncRegistration<Args extends unknown[], Out = string, In = LineInput> {
  /** The name to inject it by: `@InjectWorker(name)`. @defaultValue `'default'` */
  readonly name?: string;
  /** Modules that export what the factory needs. @defaultValue none */
  readonly imports?: ModuleMetadata['imports'];
  /** Tokens of what the factory is called with. @defaultValue none */
  readonly inject?: FactoryProvider['inject'];
  /** Makes the options; what it throws or rejects with ends the start of the application. */
  readonly useFactory: (
    ...args: Args
  ) => WorkerModuleOptions<Out, In> | Promise<WorkerModuleOptions<Out, In>>;
}

/**
 * Provides workers and pools, one per registration, to be injected by {@link InjectWorker}. A program starts with its
 * application. At a shutdown the streams to clients complete first (see {@link untilShutdown}), requests that are under
 * way are answered, and then all programs are stopped, each by its ladder: call `app.enableShutdownHooks()`. Failures,
 * restarts and rejected inputs go to Nest's `Logger`, stderr too, as debug.
 *
 * @example
 * ```ts
 * // In the `imports` of a module:
 * const engine = WorkerModule.register({
 *   name: 'engine',
 *   command: 'stockfish',
 *   supervise: restartOnExit(),
 * });
 * const scores = WorkerModule.register({ name: 'scores', command: 'python3 -u score.py', size: 4 });
 * ```
 *
 * @see {@link getWorkerOverridesToken}, for tests
 */
// Nest's modules are classes.
// eslint-disable-next-line @typescript-eslint/no-extraneous-class
export class WorkerModule {
  /**
   * Provides a worker, or a pool if there is a `size`, to the module that imports it.
   *
   * @param registration - see {@link Registration}.
   * @returns the module, for `imports`. A wrong command or option fails the start of the application.
   * @throws TypeError for a wrong name.
   */
  static register<Out = string, In = LineInput>(
    registration: Registration<Out, In>,
  ): DynamicModule {
    const { name, ...options } = registration;
    return define(name, { provide: OPTIONS, useValue: options });
  }

  /**
   * Provides a worker or pool whose options are made by a factory.
   *
   * @example
   * ```ts
   * WorkerModule.registerAsync({
   *   name: 'engine',
   *   inject: ['ENGINE_PATH'],
   *   useFactory: (path: string) => ({ command: [path], supervise: restartOnExit() }),
   * });
   * ```
   *
   * @param registration - see {@link AsyncRegistration}.
   * @returns the module, for `imports`.
   * @throws TypeError for a wrong name.
   */
  static registerAsync<Args extends unknown[], Out = string, In = LineInput>(
    registration: AsyncRegistration<Args, Out, In>,
  ): DynamicModule {
    const { name, imports = [], inject = [], useFactory } = registration;
    return define(name, { provide: OPTIONS, inject, useFactory }, imports);
  }

  /**
   * The same as {@link WorkerModule.register}, for every module of the application.
   *
   * @param registration - see {@link Registration}.
   * @returns the module, for the `imports` of the root module.
   * @throws TypeError for a wrong name.
   */
  static forRoot<Out = string, In = LineInput>(registration: Registration<Out, In>): DynamicModule {
    return { ...this.register(registration), global: true };
  }

  /**
   * The same as {@link WorkerModule.registerAsync}, for every module of the application.
   *
   * @param registration - see {@link AsyncRegistration}.
   * @returns the module, for the `imports` of the root module.
   * @throws TypeError for a wrong name.
   */
  static forRootAsync<Args extends unknown[], Out = string, In = LineInput>(
    registration: AsyncRegistration<Args, Out, In>,
  ): DynamicModule {
    return { ...this.registerAsync(registration), global: true };
  }
}
Module({})(WorkerModule);

const OPTIONS = Symbol('simple-ipc options');

function define(
  name = DEFAULT_NAME,
  options: Provider,
  imports: NonNullable<ModuleMetadata['imports']> = [],
): DynamicModule {
  text('name', name);
  const token = getWorkerToken(name);
  const overrides = getWorkerOverridesToken(name);
  const worker: FactoryProvider = {
    provide: token,
    inject: [WorkerShutdown, OPTIONS, overrides],
    useFactory: (shutdown: WorkerShutdown, given: WorkerModuleOptions, over: object) =>
      shutdown.add(create(name, { ...given, ...over })),
  };
  return {
    module: WorkerModule,
    imports: [WorkerShutdownModule, ...imports],
    providers: [options, { provide: overrides, useValue: {} }, worker],
    exports: [token],
  };
}

/** Typed as without a codec; what comes out of it is typed where it is injected. */
function create(name: string, options: WorkerModuleOptions): ReactiveWorker | Pool {
  if (options.size === undefined) {
    const { command, ...workerOptions } = options;
    const worker = createWorker(command, workerOptions);
    logWorker(name, worker);
    return worker;
  }
  const { command, ...poolOptions } = options;
  const pool = createPool(command, poolOptions);
  pool.workers.forEach((worker, i) => logWorker(`${name}-${i + 1}`, worker));
  return pool;
}
