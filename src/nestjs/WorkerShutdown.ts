import { Module } from '@nestjs/common';
import { Subject } from 'rxjs';
import { shutdowns } from './untilShutdown.js';

/** A worker, a pool, or a test's stand-in for one, which may not be disposable. */
type Disposable = object & Partial<AsyncDisposable>;

/**
 * Ends the workers of one application, in two steps: before the HTTP server closes, the streams to clients complete;
 * after it has answered what was under way, all programs are stopped at once.
 */
export class WorkerShutdown {
  readonly #shutdown$ = new Subject<void>();
  readonly #workers: Disposable[] = [];

  /** @returns the worker, which is this application's from now on. */
  add<W extends Disposable>(worker: W): W {
    this.#workers.push(worker);
    const members = 'workers' in worker ? (worker.workers as readonly object[]) : [];
    for (const one of [worker, ...members]) shutdowns.set(one, this.#shutdown$);
    return worker;
  }

  beforeApplicationShutdown(): void {
    this.#shutdown$.next();
    this.#shutdown$.complete();
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.#workers.map(async (worker) => worker[Symbol.asyncDispose]?.()));
  }
}

/**
 * A module without options exists once per application, and so does its provider. It is imported by what imports
 * workers, so Nest (from 11 on) calls the hooks of their users before its own.
 */
// eslint-disable-next-line @typescript-eslint/no-extraneous-class
export class WorkerShutdownModule {}
Module({ providers: [WorkerShutdown], exports: [WorkerShutdown] })(WorkerShutdownModule);
