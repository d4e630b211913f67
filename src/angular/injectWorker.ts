import { inject } from '@angular/core';
import type { RemoteWorker } from '../remote/RemoteWorker.js';
import { WORKERS, type AnyRemote } from './WorkerRegistry.js';

/**
 * Injects a worker of the host, in an injection context: a constructor, a field. It is shared by all that inject it by
 * this name, is connected when it is injected for the first time, and closed with the injector that provides the
 * workers (with the application, usually), not with the component: subscribe by `toSignal` or `takeUntilDestroyed`.
 *
 * @example
 * ```ts
 * class EngineView {
 *   private readonly engine = injectWorker<Engine>('engine');
 *   readonly status = toSignal(this.engine.status$, { requireSync: true });
 *   readonly connection = toSignal(this.engine.connection$, { requireSync: true });
 * }
 * ```
 *
 * @param name - the name that the host exposes it by.
 * @returns the worker, of the type that the host exports by `RemoteOf`.
 * @throws NullInjectorError if nothing provides workers: {@link provideWorkers}.
 * @see {@link provideWorkersOf}, for tests
 */
// The host alone knows the types of its workers; the caller names them.
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
export function injectWorker<W extends AnyRemote = RemoteWorker>(name: string): W {
  return inject(WORKERS).get(name) as W;
}
