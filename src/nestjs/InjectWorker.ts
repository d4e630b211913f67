import { Inject } from '@nestjs/common';

/** The name of a worker that was registered without one. */
export const DEFAULT_NAME = 'default';

/**
 * Names the provider of a worker or pool. Tokens are text, so that they are equal in ES modules and in CommonJS.
 *
 * @example
 * ```ts
 * const engine = app.get<ReactiveWorker>(getWorkerToken('engine'), { strict: false });
 * ```
 *
 * @param name - what it was registered as.
 * @returns the token, for `inject: [getWorkerToken('engine')]` and `app.get()`.
 * @see {@link InjectWorker}, for constructors
 */
export function getWorkerToken(name = DEFAULT_NAME): string {
  return `simple-ipc worker ${name}`;
}

/**
 * Names the provider of the options that are laid over those of the module, `{}` unless a test overrides it. A
 * `fakeProgram()` put there replaces the program; its policy and its times stay what the application gave.
 *
 * @example
 * ```ts
 * const engine = fakeProgram(map((line) => `echo ${line}`));
 * Test.createTestingModule({ imports: [AppModule] })
 *   .overrideProvider(getWorkerOverridesToken('engine'))
 *   .useValue(engine.options);
 * ```
 *
 * @param name - what the worker was registered as.
 * @returns the token, for `overrideProvider()`.
 */
export function getWorkerOverridesToken(name = DEFAULT_NAME): string {
  return `simple-ipc overrides ${name}`;
}

/**
 * Injects a worker or pool of {@link WorkerModule} into a constructor or a property.
 *
 * @example
 * ```ts
 * class EngineService {
 *   constructor(@InjectWorker('engine') private readonly engine: ReactiveWorker) {}
 * }
 * ```
 *
 * @param name - what it was registered as.
 * @returns the decorator.
 */
export function InjectWorker(name?: string): ReturnType<typeof Inject> {
  return Inject(getWorkerToken(name));
}
