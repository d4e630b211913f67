/// <reference types="node" preserve="true" />
export { getWorkerOverridesToken, getWorkerToken, InjectWorker } from './nestjs/InjectWorker.js';
export { toSse } from './nestjs/toSse.js';
export { untilShutdown } from './nestjs/untilShutdown.js';
export { workerHealth, type HealthSource, type WorkerHealth } from './nestjs/workerHealth.js';
export {
  WorkerModule,
  type AsyncRegistration,
  type Registration,
  type SingleWorkerOptions,
  type WorkerModuleOptions,
  type WorkerPoolOptions,
} from './nestjs/WorkerModule.js';
