// The library as it was built, and the RxJS that it uses itself.
import { createRequire } from 'node:module';
import { index } from '../harness/library.mjs';

export const library = await import(index);
export const rxjs = createRequire(index)('rxjs');

/** Settles when the worker has exited with success. */
export const exited = (worker) => reached(worker, 'exited');

/** Settles when the worker is running. */
export const running = (worker) => reached(worker, 'running');

async function reached(worker, state) {
  const isDue = (status) => status.state === state || status.state === 'failed';
  const { error } = await rxjs.firstValueFrom(worker.status$.pipe(rxjs.filter(isDue)));
  if (error) throw error;
}
