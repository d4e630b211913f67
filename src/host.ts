export {
  createHost,
  type Credentials,
  type HostOptions,
  type WorkerHost,
} from './host/createHost.js';
export {
  expose,
  type AsksOf,
  type Exposed,
  type ExposeOptions,
  type KeyedExchange,
  type NamedExchanges,
  type RemoteOf,
} from './host/expose.js';
export type { Right } from './host/Exposure.js';
export type { Client, Peer } from './host/Client.js';
export { shareBy, type WorkerFactory } from './host/shareBy.js';
export {
  refusalOf,
  serveSockets,
  type SocketOptions,
  type SocketServer,
} from './host/serveSockets.js';

export { RefusedError } from './link/bridgeErrors.js';
export { LineClosedError } from './link/LineClosedError.js';
export { portLine, type PortLike } from './link/portLine.js';
export { socketLine, type SocketLike } from './link/socketLine.js';
export type { Line, Link } from './link/Line.js';
