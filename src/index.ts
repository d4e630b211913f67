/// <reference types="node" preserve="true" />
export type {
  ExchangeMessage,
  RejectedMessage,
  RunMessage,
  StatusMessage,
} from './contract/channels.js';
export type { Command } from './contract/command.js';
export type { Pool, PoolStatus } from './contract/Pool.js';
export type { RemotePool } from './contract/RemotePool.js';
export type { RequestLimits } from './contract/RequestLimits.js';
export type { RecycleOptions } from './pool/Recycling.js';
export type { PoolOptions } from './pool/CommandPool.js';
export { createPool } from './pool/createPool.js';
export {
  ExitError,
  FramingError,
  InputClosedError,
  InputOverflowError,
  LineBreakError,
  NotRunningError,
  ReplyTimeoutError,
  RequestLostError,
  RestartLimitError,
  SimpleIpcError,
  SpawnError,
  StartTimeoutError,
  StopError,
  UnhealthyError,
  type CommandWords,
} from './contract/errors.js';
export type { Codec, Decoder, DecoderLimits, WithCodec } from './framing/codec.js';
export { bytes } from './framing/bytes.js';
export { contentLength } from './framing/contentLength.js';
export { delimited, type DelimitedOptions } from './framing/delimited.js';
export type { JsonOptions } from './framing/json.js';
export { jsonLines, type JsonLinesOptions } from './framing/jsonLines.js';
export {
  SchemaError,
  type SchemaIssue,
  type SchemaResult,
  type StandardSchema,
} from './framing/schema.js';
export { lines, type LineInput, type LinesOptions } from './framing/lines.js';
export { feed } from './flow/feed.js';
export { fromCommand, type FromCommandOptions } from './life/fromCommand.js';
export { lifeOf, type LifeOptions } from './life/lifeOf.js';
export { ask } from './exchange/ask.js';
export { exchange } from './exchange/exchange.js';
export type { HealthOptions } from './exchange/HealthProbe.js';
export type {
  Concurrency,
  KeyOptions,
  ReplyOptions,
  RequestOptions,
} from './exchange/RequestOptions.js';
export { consume, type ConsumeOptions } from './flow/consume.js';
export { restartOnExit } from './supervision/restartOnExit.js';
export type { RestartPolicy } from './supervision/RestartPolicy.js';
export { through, type ThroughOptions } from './life/through.js';
export { inherit, SAFE_ENV } from './run/inherit.js';
export type {
  Launch,
  LaunchPlan,
  Program,
  ProgramEvents,
  ProgramInput,
} from './process/Program.js';
export type { RunOptions } from './run/RunOptions.js';
export type { FeedProgress, Pullable } from './run/InputPump.js';
export type { RejectedInput } from './contract/ReactiveWorker.js';
export type { Ready, StopOptions, StopTimes } from './run/RunPlan.js';
export type { StopSignal } from './process/Program.js';
export type * from './contract/exit.js';
export type * from './contract/status.js';
export type { StatusSubject } from './contract/StatusSubject.js';
export { createWorker, type WorkerOptions } from './worker/createWorker.js';
export { type ReactiveWorker } from './contract/ReactiveWorker.js';
