import type { BehaviorSubject, Observable } from 'rxjs';
import { object, text } from '../contract/check.js';
import { checkOptions } from '../contract/options.js';
import type { PoolStatus } from '../contract/Pool.js';
import { CONNECT_CHECKS, type ConnectOptions } from './ConnectOptions.js';
import { HostConnection } from './HostConnection.js';
import { RemoteRequests, type RemoteAskOptions } from './RemoteRequests.js';
import type { Exchanges, Remote } from './RemoteWorker.js';
import { Reviver } from './revive.js';
import { createState } from './StateSubject.js';

/** A pool that runs on a host: its exchanges, and its state in counts. */
export interface RemotePool<Asks extends Exchanges = Exchanges> extends Remote<Asks> {
  /** The last known counts, all 0 before the first. Never errors, completes on `close()` and when the pool is disposed. */
  readonly status$: BehaviorSubject<PoolStatus>;
}

/**
 * Connects to a pool that a host exposes.
 *
 * @example
 * ```ts
 * const pool = connectPool('ocr', { link: socketLink('wss://app.example/workers') });
 * pages$.pipe(mergeMap((page) => pool.ask('text', page), 4)).subscribe(console.log);
 * ```
 *
 * @param name - the name that the host has given the pool.
 * @param options - see {@link ConnectOptions}.
 * @returns the pool; what fails is reported on `connection$` and by `ask`.
 * @throws TypeError, RangeError for a wrong argument.
 * @see {@link connectWorker}, for a single worker
 */
export function connectPool<Asks extends Exchanges = Exchanges>(
  name: string,
  options: ConnectOptions,
): RemotePool<Asks> {
  text('connectPool: name', name);
  object('connectPool: options', options);
  checkOptions('connectPool', options, CONNECT_CHECKS);
  CONNECT_CHECKS.link('connectPool: link', options.link);
  return new HostedPool<Asks>(name, options);
}

class HostedPool<Asks extends Exchanges> implements RemotePool<Asks> {
  readonly #status = createState<PoolStatus>({
    idle: 0,
    busy: 0,
    starting: 0,
    resting: 0,
    waiting: 0,
  });
  readonly #requests: RemoteRequests;
  readonly #connection: HostConnection;
  readonly status$ = this.#status.state$;
  readonly connection$;

  constructor(name: string, options: ConnectOptions) {
    this.#requests = new RemoteRequests(name, () => this.#connection, new Reviver(name));
    this.#connection = new HostConnection(name, 'pool', options, {
      deliver: (topic, values) => {
        if (topic === 'status')
          for (const status of values) this.#status.next(status as PoolStatus);
        else if (topic === 'done') this.close();
        else this.#requests.deliver(topic, values);
      },
      sessionLost: ({ unsent }) => this.#requests.sessionLost(unsent),
    });
    this.connection$ = this.#connection.state$;
    this.#connection.connect();
  }

  ask<Name extends keyof Asks & string>(
    name: Name,
    request: Asks[Name][0],
    { idempotent = false }: RemoteAskOptions = {},
  ): Observable<Asks[Name][1]> {
    return this.#requests.request('ask', [name, request], idempotent);
  }

  reconnect(): void {
    this.#connection.reconnect();
  }

  close(): void {
    this.#connection.close();
    this.#status.complete();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }
}
