export { connectWorker, type ConnectWorkerOptions } from './remote/connectWorker.js';
export { connectPool, type RemotePool } from './remote/connectPool.js';
export type { ConnectOptions } from './remote/ConnectOptions.js';
export type { Closed, Connecting, Connection, Open, Waiting } from './remote/Connection.js';
export type { RemoteAskOptions } from './remote/RemoteRequests.js';
export type { Exchanges, Gap, Remote, RemoteWorker } from './remote/RemoteWorker.js';
export { portLink } from './remote/portLink.js';
export { socketLink } from './remote/socketLink.js';

export type { RemoteStatus } from './link/RemoteStatus.js';
export { RefusedError, SessionLostError } from './link/bridgeErrors.js';
export { LineClosedError } from './link/LineClosedError.js';
export { linePair } from './link/linePair.js';
export { portLine, type PortLike } from './link/portLine.js';
export { socketLine, type SocketLike } from './link/socketLine.js';
export { encodeFrame, type Encoded } from './link/encodeFrame.js';
export { decodeFrame } from './link/decodeFrame.js';
export type { Arrived, Frame, Hello, Line, Link } from './link/Line.js';
export type { Batch, DownTopic, Topic, UpTopic } from './link/Batch.js';

export { consume, type ConsumeOptions } from './flow/consume.js';
export {
  ExitError,
  FramingError,
  InputClosedError,
  InputOverflowError,
  LineBreakError,
  NotRunningError,
  ReplyTimeoutError,
  RestartLimitError,
  SimpleIpcError,
  SpawnError,
  StartTimeoutError,
  StopError,
  type CommandWords,
} from './contract/errors.js';
export type { Exit, ExitReason } from './contract/exit.js';
export type { LineInput } from './contract/LineInput.js';
export type { PoolStatus } from './contract/Pool.js';
export type { RejectedInput } from './contract/ReactiveWorker.js';
