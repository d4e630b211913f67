import {
  boolean,
  callable,
  integer,
  listOf,
  nonNegative,
  object,
  oneOf,
  type Check,
} from '../contract/check.js';
import { internals } from '../contract/internals.js';
import type { LineInput } from '../contract/LineInput.js';
import { checkOptions, type Checks } from '../contract/options.js';
import type { Pool } from '../contract/Pool.js';
import type { ReactiveWorker } from '../contract/ReactiveWorker.js';
import type { KeyOptions, ReplyOptions } from '../exchange/RequestOptions.js';
import { askTargets } from '../exchange/AskTarget.js';
import type { RemotePool } from '../remote/connectPool.js';
import type { RemoteWorker } from '../remote/RemoteWorker.js';
import type { Client } from './Client.js';
import { exposures, type Lease, type Right } from './Exposure.js';
import { isShared, leaseOf, type WorkerFactory } from './shareBy.js';

/** An exchange whose replies are found by an id. */
export interface KeyedExchange<Out, In> extends KeyOptions<Out, In> {
  /** Not with a `key`. */
  readonly reply?: undefined;
}

/** Exchanges by name, whose replies have these types. */
export type NamedExchanges<Out, In, Replies> = {
  readonly [Name in keyof Replies]: ReplyOptions<Out, In, Replies[Name]> | KeyedExchange<Out, In>;
};

/** The requests and replies of a client, by the names of the exposed exchanges. */
export type AsksOf<Out, In, Replies> = {
  readonly [Name in keyof Replies & string]: readonly [
    request: In,
    reply: unknown extends Replies[Name] ? Out : Replies[Name],
  ];
};

/** Options of {@link expose}. */
export interface ExposeOptions<
  Out = string,
  In = LineInput,
  Replies = unknown,
  User extends Client = Client,
> {
  /**
   * The rights of clients: get the output or stderr, send, start and stop. Exchanges are always allowed.
   * @defaultValue `['output']` for a given worker; also `'send'` and `'control'` for one made by a factory
   */
  readonly allow?: readonly Right[];
  /**
   * The exchanges that clients can ask, by name. They run here, so that the requests of all clients take turns and each gets its own replies only. @defaultValue none
   */
  readonly exchanges?: NamedExchanges<Out, In, Replies>;
  /** Checks each value that is sent or asked: the reason why it may not be, or nothing. What a client sends has any type. @defaultValue none */
  readonly check?: (value: unknown, client: User) => string | undefined;
  /**
   * How a slow client is treated: `'gap'` drops its oldest output and reports how much; `'pause'` pauses the program.
   * @defaultValue `'pause'` for a client's own worker, `'gap'` for one that is shared
   */
  readonly slow?: 'gap' | 'pause';
  /** How much may wait for a client, in bytes, before it counts as slow. @defaultValue 4 MiB */
  readonly bufferBytes?: number;
  /** How much of that may be in flight. @defaultValue 512 KiB */
  readonly windowBytes?: number;
  /** How long a session outlives its line, in milliseconds. @defaultValue 30,000 */
  readonly resumeMs?: number;
  /**
   * How long a client may pause the program at a stretch, in milliseconds; then it has gaps.
   * @defaultValue Infinity for a client's own worker, 10,000 for one that is shared
   */
  readonly maxPauseMs?: number;
  /** How many requests a session may have under way. @defaultValue 64 */
  readonly maxAsks?: number;
  /** Whether clients get commands, process ids, the end of stderr and the texts of errors. @defaultValue false */
  readonly details?: boolean;
}

declare const remote: unique symbol;
declare const user: unique symbol;

/** A worker or pool that a host offers, made by {@link expose}. A client derives its types from this one. */
export interface Exposed<Remote = unknown, User extends Client = never> {
  /** Of the type only. */
  readonly [remote]?: () => Remote;
  /** Of the type only. */
  readonly [user]?: (client: User) => void;
}

/**
 * The type that a client connects to: share it by `import type`.
 *
 * @example
 * ```ts
 * const calculator = expose(createWorker('bc')); // on the host
 * type Calculator = RemoteOf<typeof calculator>;
 * const remote: Calculator = connectWorker('calculator', { link }); // on the client
 * ```
 */
export type RemoteOf<E> = E extends Exposed<infer Remote> ? Remote : never;

const exchange: Check = (name, value) => {
  object(name, value);
  const { reply, key } = value as Readonly<Record<string, unknown>>;
  if ((reply === undefined) === (key === undefined)) {
    throw new TypeError(`${name} must have reply or key, one of them`);
  }
};

const CHECKS = {
  allow: listOf('rights', oneOf('output', 'stderr', 'send', 'control')),
  exchanges: (name, value) => {
    object(name, value);
    for (const [key, item] of Object.entries(value as object)) exchange(`${name}.${key}`, item);
  },
  check: callable,
  slow: oneOf('gap', 'pause'),
  bufferBytes: integer,
  windowBytes: integer,
  resumeMs: nonNegative,
  maxPauseMs: nonNegative,
  maxAsks: integer,
  details: boolean,
} satisfies Checks<ExposeOptions>;

/** Offers a pool: its exchanges, and its state in counts. */
export function expose<Out, In, Replies extends object = object, User extends Client = Client>(
  pool: Pool<Out, In>,
  options?: ExposeOptions<Out, In, Replies, User>,
): Exposed<RemotePool<AsksOf<Out, In, Replies>>, User>;
/**
 * Offers a worker to clients: one that is shared by all; or a factory, which makes one for each session, disposed of
 * with it ({@link shareBy} makes one for several). Clients have no rights but those in the options.
 *
 * @example
 * ```ts
 * const engine = expose(createWorker('stockfish'), {
 *   exchanges: { best: { reply: takeWhile((line: string) => !line.startsWith('bestmove'), true) } },
 * });
 * const shell = expose(() => createWorker('bc'));
 * const host = createHost({ workers: { engine, shell }, authorize: ({ token }) => accounts.get(token) });
 * ```
 *
 * @param worker - made by `createWorker`, or a function that makes one for a client.
 * @param options - see {@link ExposeOptions}.
 * @returns what {@link createHost} takes.
 * @throws TypeError, RangeError for a wrong argument.
 * @see {@link RemoteOf}, for the type that a client needs
 */
export function expose<Out, In, Replies extends object = object, User extends Client = Client>(
  worker: ReactiveWorker<Out, In> | WorkerFactory<Out, In, User>,
  options?: ExposeOptions<Out, In, Replies, User>,
): Exposed<RemoteWorker<Out, In, AsksOf<Out, In, Replies>>, User>;
export function expose<Out, In, Replies extends object, User extends Client>(
  target: ReactiveWorker<Out, In> | Pool<Out, In> | WorkerFactory<Out, In, User>,
  options: ExposeOptions<Out, In, Replies, User> = {},
): Exposed<
  RemoteWorker<Out, In, AsksOf<Out, In, Replies>> | RemotePool<AsksOf<Out, In, Replies>>,
  User
> {
  checkOptions('expose', options, CHECKS);
  const isFactory = typeof target === 'function';
  const isPool = !isFactory && askTargets.has(target);
  if (!isFactory && !isPool && !internals.has(target)) {
    throw new TypeError(
      'expose: the first argument must be a worker, a pool, or a function that makes a worker',
    );
  }
  const isOwn = isFactory && !isShared(target);
  const rights: readonly Right[] = isFactory ? ['output', 'send', 'control'] : ['output'];
  const {
    allow = rights,
    exchanges = {},
    check = () => undefined,
    slow = isOwn ? 'pause' : 'gap',
    bufferBytes = 4 * 1024 * 1024,
    windowBytes = Math.min(512 * 1024, bufferBytes),
    resumeMs = 30_000,
    maxPauseMs = isOwn ? Infinity : 10_000,
    maxAsks = 64,
    details = false,
  } = options;
  if (windowBytes > bufferBytes) {
    throw new RangeError(
      `expose: windowBytes must be at most bufferBytes (${bufferBytes}), not ${windowBytes}`,
    );
  }
  const exposed = {};
  exposures.set(exposed, {
    kind: isPool ? 'pool' : 'worker',
    lease: isFactory
      ? leaseOf(target as unknown as WorkerFactory<never, never, never>)
      : leaseOfAll(target),
    rights: new Set(allow),
    exchanges: exchanges,
    check: check as (value: unknown, client: Client) => string | undefined,
    pauses: slow === 'pause' && !isPool,
    bufferBytes,
    windowBytes,
    resumeMs,
    maxPauseMs,
    maxAsks,
    details,
  });
  return exposed;
}

/** A given worker is shared by all clients, and is disposed of by its owner, not by the host. */
function leaseOfAll(target: object): () => Lease {
  return () => ({ target: target as Lease['target'], release: () => Promise.resolve() });
}
