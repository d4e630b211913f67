import { NEVER, takeUntil, type MonoTypeOperatorFunction, type Observable } from 'rxjs';

/** When the application of a worker begins to shut down. */
export const shutdowns = new WeakMap<object, Observable<void>>();

/**
 * Completes a stream to a client when the application begins to shut down. An open `@Sse()` would otherwise keep the
 * HTTP server from closing, which Nest waits for before it stops anything, so that SIGTERM never ends the application.
 *
 * @example
 * ```ts
 * class EngineController {
 *   constructor(@InjectWorker('engine') private readonly engine: ReactiveWorker) {}
 *
 *   // @Sse('scores')
 *   scores() {
 *     return this.engine.output$.pipe(
 *       filter((line) => line.includes('score')),
 *       map((data) => ({ data })),
 *       untilShutdown(this.engine),
 *     );
 *   }
 * }
 * ```
 *
 * @param worker - a worker or pool of {@link WorkerModule}. With another object, such as a test's, nothing completes.
 * @returns the operator. Errors of the source pass.
 * @see {@link toSse}, which has it
 */
export function untilShutdown<T>(worker: object): MonoTypeOperatorFunction<T> {
  return takeUntil(shutdowns.get(worker) ?? NEVER);
}
