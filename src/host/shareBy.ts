import { callable } from '../contract/check.js';
import { internals } from '../contract/internals.js';
import type { ReactiveWorker } from '../contract/ReactiveWorker.js';
import type { Client } from './Client.js';
import type { AnyWorker, Lease } from './Exposure.js';

/** Makes workers for clients, as `expose` takes it. */
export type WorkerFactory<Out, In, User extends Client> = (client: User) => ReactiveWorker<Out, In>;

const leases = new WeakMap<object, (client: Client) => Lease>();

/**
 * One worker for all sessions with the same key: per user, per room, per document. The first session makes it, and
 * it is disposed of with the last.
 *
 * @example
 * ```ts
 * expose(shareBy(({ id }) => id, () => createWorker('python3 -i')));
 * ```
 *
 * @param key - the key of a client; compared as in a `Map`.
 * @param factory - makes the worker for the first client of a key.
 * @returns a factory for {@link expose}.
 * @throws TypeError for a wrong argument.
 */
export function shareBy<Out, In, User extends Client = Client>(
  key: (client: User) => unknown,
  factory: WorkerFactory<Out, In, User>,
): WorkerFactory<Out, In, User> {
  callable('shareBy: key', key);
  callable('shareBy: factory', factory);
  const shared = new Map<unknown, { readonly worker: ReactiveWorker<Out, In>; holders: number }>();
  const lease = (client: User): Lease => {
    const id = key(client);
    const entry = shared.get(id) ?? { worker: factory(client), holders: 0 };
    entry.holders++;
    shared.set(id, entry);
    return {
      target: entry.worker as unknown as AnyWorker,
      release: async () => {
        if (--entry.holders > 0) return;
        if (shared.get(id) === entry) shared.delete(id);
        await entry.worker[Symbol.asyncDispose]();
      },
    };
  };
  const shareable: WorkerFactory<Out, In, User> = (client) => factory(client);
  leases.set(shareable, lease as (client: Client) => Lease);
  return shareable;
}

/** How a session gets its worker of a factory. */
export function leaseOf(factory: WorkerFactory<never, never, never>): (client: Client) => Lease {
  const make = factory as unknown as (client: Client) => AnyWorker;
  return (
    leases.get(factory) ??
    ((client) => {
      const target = make(client);
      if (!internals.has(target))
        throw new TypeError('the function must return a worker of createWorker()');
      return { target, release: () => target[Symbol.asyncDispose]() };
    })
  );
}

/** Whether several sessions may have the same worker of it. */
export const isShared = (factory: object): boolean => leases.has(factory);
