export { natsPool, type NatsPool, type NatsPoolOptions } from './nats/natsPool.js';
export type { QueueStatus } from './nats/Queue.js';
export type { QueueOptions } from './nats/QueueOptions.js';
export { serveExchange, type ServeOptions } from './nats/serveExchange.js';
export type { Service, ServiceStatus } from './nats/Service.js';
