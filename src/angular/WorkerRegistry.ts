import { DestroyRef, inject, InjectionToken } from '@angular/core';
import type { Remote } from '../remote/RemoteWorker.js';

/** A worker or pool on a host, as an injector knows it. */
export type AnyRemote = Pick<Remote<never>, 'close'>;

/** Makes a worker when it is injected for the first time. */
export type WorkerFactory = (name: string) => AnyRemote;

/** The workers of one injector. */
export const WORKERS = new InjectionToken<WorkerRegistry>('simple-ipc workers');

/** The workers of one injector by name, closed with it. */
export class WorkerRegistry {
  readonly #workers = new Map<string, AnyRemote>();

  /** Must be called in an injection context. */
  constructor(private readonly make: WorkerFactory) {
    inject(DestroyRef).onDestroy(() => {
      for (const worker of this.#workers.values()) worker.close();
    });
  }

  get(name: string): AnyRemote {
    const worker = this.#workers.get(name) ?? this.make(name);
    this.#workers.set(name, worker);
    return worker;
  }
}
