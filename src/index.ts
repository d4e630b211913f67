/// <reference types="node" preserve="true" />
export type { Command } from './command.js';
export type { Pool, PoolOptions, PoolStatus } from './CommandPool.js';
export { createPool } from './createPool.js';
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
} from './errors.js';
export type { Codec, Decoder, DecoderLimits, WithCodec } from './framing/codec.js';
export { bytes } from './framing/bytes.js';
export { contentLength } from './framing/contentLength.js';
export { delimited } from './framing/delimited.js';
export { jsonLines, type JsonLinesOptions } from './framing/jsonLines.js';
export { lines, type LineInput, type LinesOptions } from './framing/lines.js';
export { feed } from './feed.js';
export { fromCommand, type CommandOptions } from './fromCommand.js';
export { lifeOf, type LifeOptions } from './life.js';
export {
  exchange,
  type ExchangeLimits,
  type KeyOptions,
  type ReplyOptions,
} from './operators/exchange.js';
export { pacedMap, type PacedMapOptions } from './operators/pacedMap.js';
export { restartOnExit } from './operators/restartOnExit.js';
export type { RestartPolicy } from './operators/restartPolicy.js';
export { through, type ThroughOptions } from './operators/through.js';
export type { RunOptions } from './options.js';
export type { FeedProgress, Pullable } from './pour.js';
export type { RejectedInput } from './process/InputQueue.js';
export type { Ready, StopTimes } from './process/RunPlan.js';
export type * from './status.js';
export type { StatusSubject } from './StatusSubject.js';
export type { Policy } from './Supervisor.js';
export { createWorker, type ReactiveWorker, type WorkerOptions } from './worker.js';
