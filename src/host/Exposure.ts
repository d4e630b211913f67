import type { KeyOptions, ReplyOptions } from '../exchange/RequestOptions.js';
import type { Pool } from '../contract/Pool.js';
import type { ReactiveWorker } from '../contract/ReactiveWorker.js';
import type { Client } from './Client.js';

/** A right of a client: to get the output or stderr, to send, to start and stop. Exchanges are always allowed. */
export type Right = 'output' | 'stderr' | 'send' | 'control';

/** A worker of any type; its types were checked where it was exposed. */
export type AnyWorker = ReactiveWorker<unknown, unknown>;
export type AnyPool = Pool<unknown, unknown>;
export type AnyExchange = ReplyOptions<unknown, unknown, unknown> | KeyOptions<unknown, unknown>;

/** A worker or pool that a session holds until it ends. */
export interface Lease {
  readonly target: AnyWorker | AnyPool;
  release(): Promise<void>;
}

/** The options of an exposed worker or pool, with defaults filled in. */
export interface Exposure {
  readonly kind: 'worker' | 'pool';
  readonly lease: (client: Client) => Lease;
  readonly rights: ReadonlySet<Right>;
  readonly exchanges: Readonly<Record<string, AnyExchange>>;
  readonly check: (value: unknown, client: Client) => string | undefined;
  readonly pauses: boolean;
  readonly bufferBytes: number;
  readonly windowBytes: number;
  readonly resumeMs: number;
  readonly maxPauseMs: number;
  readonly maxAsks: number;
  readonly details: boolean;
}

/** The options behind each object that `expose` returned. */
export const exposures = new WeakMap<object, Exposure>();
