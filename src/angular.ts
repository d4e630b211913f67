export { injectWorker } from './angular/injectWorker.js';
export {
  provideWorkers,
  provideWorkersFrom,
  provideWorkersOf,
  type LinkSource,
  type WorkerFactory,
} from './angular/provideWorkers.js';
