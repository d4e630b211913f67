import { firstValueFrom, from, Observable, type ObservableInput, type SchedulerLike } from 'rxjs';
import { atLeastOne, callable, integer, methods, nonNegative, object } from '../contract/check.js';
import { messageOf } from '../contract/errors.js';
import { checkOptions, type Checks } from '../contract/options.js';
import { warn } from '../contract/warn.js';
import { linePair } from '../link/linePair.js';
import type { Hello, Line, Link } from '../link/Line.js';
import { CLOSE, LineClosedError } from '../link/LineClosedError.js';
import { askTargets } from '../exchange/AskTarget.js';
import { clockOf } from '../rx/clock.js';
import { Admission, busy } from './Admission.js';
import type { Client, Peer } from './Client.js';
import { ClientSession, type SessionHost } from './ClientSession.js';
import { exposures, type AnyPool, type Exposure, type Lease } from './Exposure.js';
import type { Exposed } from './expose.js';
import { HostLine } from './HostLine.js';
import { PoolFeed, WorkerFeed, type Feed } from './WorkerFeed.js';

/** The credentials of a client: its token, and the name of the worker that it wants. */
export interface Credentials {
  /** The result of its `token` option; of any type. */
  readonly token: unknown;
  /** The name of a worker; there may be none of that name. */
  readonly worker: string;
}

/** Options of {@link createHost}. */
export interface HostOptions<User extends Client = Client> {
  /** The workers and pools that clients can connect to, by name. */
  readonly workers: Readonly<Record<string, Exposed<unknown, User>>>;
  /**
   * Decides who a client is, for each connection anew: a user, or nothing for nobody. If it throws or errors the client
   * is nobody, which is final: it connects again only after `reconnect()`.
   */
  readonly authorize: (
    credentials: Credentials,
    peer: Peer,
  ) => User | ObservableInput<User | null | undefined> | null | undefined;
  /** The longest time between two frames of a line, in milliseconds; after three of them in silence it is dead. @defaultValue 15,000 */
  readonly beatMs?: number;
  /** How long a client may take for its hello, in milliseconds. @defaultValue 5,000 */
  readonly helloMs?: number;
  /** How many sessions there may be. @defaultValue 1,000 */
  readonly maxSessions?: number;
  /** How many sessions a user may have; one without a line makes room for a new one. @defaultValue 16 */
  readonly maxSessionsPerClient?: number;
  /** How many lines may be without a session. @defaultValue 1,024 */
  readonly maxPending?: number;
  /** The same, for one address. @defaultValue 64 */
  readonly maxPendingPerAddress?: number;
  /** How many lines may come from one address in a minute. @defaultValue 600 */
  readonly maxHellosPerMinute?: number;
  /** How many frames may come over one line in a second. @defaultValue 20,000 */
  readonly maxFramesPerSecond?: number;
  /** The largest value that is sent to clients, in bytes; a larger one is a gap, or fails its request. @defaultValue 1 MiB */
  readonly maxValueBytes?: number;
  /** Time, for tests. @defaultValue the system's monotonic clock */
  readonly scheduler?: SchedulerLike;
}

/** Serves workers to clients. */
export interface WorkerHost<User extends Client = Client> {
  /** How many sessions there are, those without a line included. */
  readonly sessions: number;
  /** Takes a line: `socketLine(socket)`, `portLine(port)`. The line is the host's from then on. */
  accept(line: Line, peer?: Peer): void;
  /** A link in memory: for tests, and for pages that are rendered where the host is. */
  link(peer?: Peer): Link;
  /** Ends the sessions of users that may be here no longer. Their clients do not come back by themselves. */
  evict(isUnwanted: (user: User) => boolean): void;
  /** Takes no more lines, ends all sessions, and disposes of the workers that were made for them. Others are left alone. */
  close(): Promise<void>;
}

const NOBODY = { defaultValue: undefined };

const CHECKS = {
  workers: (name, value) => {
    object(name, value);
    for (const [key, exposed] of Object.entries(value as object)) {
      if (!exposures.has(exposed as object))
        throw new TypeError(`${name}.${key} must be made by expose()`);
    }
  },
  authorize: callable,
  beatMs: nonNegative,
  helloMs: nonNegative,
  maxSessions: integer,
  maxSessionsPerClient: integer,
  maxPending: integer,
  maxPendingPerAddress: integer,
  maxHellosPerMinute: nonNegative,
  maxFramesPerSecond: atLeastOne,
  maxValueBytes: integer,
  scheduler: methods('now', 'schedule'),
} satisfies Checks<HostOptions>;

/**
 * Makes a host: what browsers, renderers and threads connect to. It is closed by default: a client names a worker and
 * an exchange that were exposed, and is let in by `authorize` alone.
 *
 * @example
 * ```ts
 * const host = createHost({
 *   workers: { engine: expose(createWorker('stockfish'), { allow: ['output', 'send'] }) },
 *   authorize: async ({ token }) => verify(token), // { id: 'u1' }, or undefined
 * });
 * serveSockets(server, new WebSocketServer({ noServer: true, maxPayload: 2 ** 21 }), host, {
 *   origins: ['https://app.example'],
 *   hosts: ['app.example'],
 * });
 * ```
 *
 * @param options - see {@link HostOptions}.
 * @returns the host; until it is given a line, nothing reaches it.
 * @throws TypeError, RangeError for a wrong option.
 * @see {@link serveSockets}, for WebSockets
 */
export function createHost<User extends Client = Client>(
  options: HostOptions<User>,
): WorkerHost<User> {
  object('createHost: options', options);
  checkOptions('createHost', options, CHECKS);
  callable('createHost: authorize', options.authorize);
  object('createHost: workers', options.workers);
  return new Host(options);
}

class Host<User extends Client> implements WorkerHost<User>, SessionHost {
  readonly clock;
  readonly maxValueBytes: number;
  readonly #options: HostOptions<User>;
  readonly #admission: Admission;
  readonly #sessions = new Map<string, ClientSession>();
  readonly #lines = new Map<HostLine, () => void>();
  readonly #feeds = new WeakMap<object, Feed>();
  #isClosed = false;

  constructor(options: HostOptions<User>) {
    const { maxPending = 1_024, maxPendingPerAddress = 64, maxHellosPerMinute = 600 } = options;
    this.#options = options;
    this.clock = clockOf(options.scheduler);
    this.maxValueBytes = options.maxValueBytes ?? 1024 * 1024;
    const limits = { maxPending, maxPendingPerAddress, maxHellosPerMinute };
    this.#admission = new Admission(limits, this.clock);
  }

  get sessions(): number {
    return this.#sessions.size;
  }

  link(peer: Peer = {}): Link {
    return new Observable((subscriber) => {
      const [client, server] = linePair();
      this.accept(server, peer);
      subscriber.next(client);
      return () => client.close(CLOSE.leaving, 'left');
    });
  }

  accept(line: Line, peer: Peer = {}): void {
    const { beatMs = 15_000, helloMs = 5_000, maxFramesPerSecond = 20_000 } = this.#options;
    try {
      if (this.#isClosed) throw new LineClosedError(CLOSE.leaving, 'the host is closing');
      const leave = this.#admission.enter(peer.address);
      const hostLine = new HostLine(line, {
        clock: this.clock,
        beatMs,
        helloMs,
        maxFramesPerSecond,
        seat: (hello) => this.#seat(hello, peer),
        settled: leave,
        gone: (gone) => {
          leave();
          this.#lines.delete(gone);
        },
      });
      this.#lines.set(hostLine, leave);
      hostLine.open();
    } catch (error) {
      if (!(error instanceof LineClosedError)) throw error;
      // Its frames are read by nobody; an error of the socket must still have a listener.
      line.frames$.subscribe({ error: () => undefined });
      line.close(error.code, error.message);
    }
  }

  evict(isUnwanted: (user: User) => boolean): void {
    for (const session of [...this.#sessions.values()]) {
      if (isUnwanted(session.client as User)) void session.end(CLOSE.unauthorized, 'evicted');
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const line of [...this.#lines.keys()]) line.hangUp(CLOSE.leaving, 'the host is closing');
    await Promise.all([...this.#sessions.values()].map((session) => session.end()));
  }

  feedOf(target: Lease['target']): Feed {
    const known = this.#feeds.get(target);
    if (known) return known;
    const feed = isPool(target) ? new PoolFeed(target) : new WorkerFeed(target, this.maxValueBytes);
    this.#feeds.set(target, feed);
    return feed;
  }

  ended(session: ClientSession): void {
    this.#sessions.delete(session.id);
  }

  async #seat(hello: Hello, peer: Peer): Promise<{ session: ClientSession; expiresAt: number }> {
    const { token, worker = '' } = hello;
    const user = await this.#authorize({ token, worker }, peer);
    if (this.#isClosed) throw new LineClosedError(CLOSE.leaving, 'the host is closing');
    const session = this.#sessionOf(hello, worker, user);
    return { session, expiresAt: user.expiresAt ?? Infinity };
  }

  async #authorize(credentials: Credentials, peer: Peer): Promise<User> {
    let user: User | null | undefined;
    try {
      const answer = this.#options.authorize(credentials, peer);
      user = isUser(answer) ? answer : await firstValueFrom(from(answer ?? []), NOBODY);
    } catch {
      // Nobody.
    }
    if (!isUser(user)) throw new LineClosedError(CLOSE.unauthorized, 'not authorized');
    return user;
  }

  /** The session that the client had, or a new one. */
  #sessionOf({ session: id }: Hello, name: string, user: User): ClientSession {
    const { workers } = this.#options;
    // A worker of that name: not what every object has, such as `constructor`.
    const exposed = Object.hasOwn(workers, name) ? workers[name] : undefined;
    const exposure = exposed && exposures.get(exposed);
    if (!exposure) throw new LineClosedError(CLOSE.unknown, 'there is no worker of that name');
    const known = id === undefined ? undefined : this.#sessions.get(id);
    // A session id is valid for its own user only, so that a stolen one is of no use.
    if (known?.client.id === user.id && known.exposure === exposure) return known;
    this.#makeRoom(user);
    return this.#newSession(exposure, user, name);
  }

  #makeRoom(user: User): void {
    const { maxSessions = 1_000, maxSessionsPerClient = 16 } = this.#options;
    const theirs = [...this.#sessions.values()].filter(({ client }) => client.id === user.id);
    if (theirs.length < maxSessionsPerClient && this.#sessions.size < maxSessions) return;
    // A page that was loaded anew has left a session behind.
    const away = theirs.find(({ isAway }) => isAway);
    if (!away) throw busy('too many sessions');
    void away.end();
  }

  #newSession(exposure: Exposure, user: User, name: string): ClientSession {
    try {
      const session = new ClientSession(exposure, user, this);
      this.#sessions.set(session.id, session);
      return session;
    } catch (error) {
      warn(`"${name}" could not be made for a client: ${messageOf(error)}`);
      throw error;
    }
  }
}

function isUser<User extends Client>(
  answer: User | ObservableInput<User | null | undefined> | null | undefined,
): answer is User {
  return typeof (answer as Partial<Client> | null | undefined)?.id === 'string';
}

function isPool(target: Lease['target']): target is AnyPool {
  return askTargets.has(target);
}
