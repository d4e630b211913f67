import {
  inject,
  makeEnvironmentProviders,
  PLATFORM_ID,
  type EnvironmentProviders,
} from '@angular/core';
import { throwError } from 'rxjs';
import { callable } from '../contract/check.js';
import { CLOSE, LineClosedError } from '../link/LineClosedError.js';
import type { Link } from '../link/Line.js';
import type { ConnectOptions } from '../remote/ConnectOptions.js';
import { connectWorker } from '../remote/connectWorker.js';
import { WORKERS, WorkerRegistry, type WorkerFactory } from './WorkerRegistry.js';

export type { WorkerFactory } from './WorkerRegistry.js';

/** A source of links: a host in the same process, `createHost()`. */
export interface LinkSource {
  /** Makes a link in memory. */
  link(): Link;
}

/**
 * Provides the workers of a host to {@link injectWorker}. Each is connected when it is injected for the first time.
 * Where the application is rendered on a server, nothing is connected: `status$` is `stopped`, and what is asked fails
 * at once, since a page is only sent when all that it waits for has come; {@link provideWorkersOf} gives workers to
 * the server. There, `options` is not called.
 *
 * @example
 * ```ts
 * const providers = [
 *   provideWorkers(() => {
 *     const session = inject(Session);
 *     return { link: socketLink('/workers'), token: () => session.token() };
 *   }),
 * ];
 * ```
 *
 * @param options - makes the options of `connectWorker`; called once, in an injection context.
 * @returns the providers, for the application, a route or a test.
 * @throws TypeError for a wrong argument.
 */
export function provideWorkers(options: () => ConnectOptions): EnvironmentProviders {
  callable('provideWorkers: options', options);
  return provideWorkersFrom(() => {
    // As isPlatformServer() of @angular/common does.
    const isServer = (inject(PLATFORM_ID) as unknown) === 'server';
    const given = isServer ? { link: nowhere$ } : options();
    return (name) => connectWorker(name, given);
  });
}

/**
 * Provides the workers of a host in the same process, over links in memory: for specs, with a `fakeProgram()` in place of
 * the program, and for rendering on a server.
 *
 * @example
 * ```ts
 * const engine = fakeProgram(map((line) => `echo ${line}`));
 * const host = createHost({
 *   workers: { engine: expose(createWorker('engine', engine.options)) },
 *   authorize: () => ({ id: 'tester' }),
 * });
 * TestBed.configureTestingModule({ providers: [provideWorkersOf(() => host)] });
 * ```
 *
 * @param host - gives the host; called once, in an injection context.
 * @returns the providers.
 * @throws TypeError for a wrong argument.
 */
export function provideWorkersOf(host: () => LinkSource): EnvironmentProviders {
  callable('provideWorkersOf: host', host);
  return provideWorkersFrom(() => {
    const source = host();
    return (name) => connectWorker(name, { link: source.link() });
  });
}

/**
 * Provides workers that a factory of your own makes.
 *
 * @example
 * ```ts
 * // The worker of a Web Worker or of Electron's main process, at the other end of a MessagePort.
 * provideWorkersFrom(() => (name) => connectWorker(name, { link: portLink(() => openPort(name)) }));
 * ```
 *
 * @param make - makes the factory; called once, in an injection context. The factory is called once per name.
 * @returns the providers.
 * @throws TypeError for a wrong argument.
 */
export function provideWorkersFrom(make: () => WorkerFactory): EnvironmentProviders {
  callable('provideWorkersFrom: make', make);
  return makeEnvironmentProviders([
    { provide: WORKERS, useFactory: () => new WorkerRegistry(make()) },
  ]);
}

/** Refuses for good, so that nothing waits for another attempt. */
const nowhere$: Link = throwError(
  () => new LineClosedError(CLOSE.unknown, 'not connected while the page is rendered'),
);
