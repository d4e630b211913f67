import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConnectionOptions, NatsConnection } from '@nats-io/nats-core';
import { connect } from '@nats-io/transport-node';
import { takeWhile } from 'rxjs';
import {
  createPool,
  type Pool,
  type RemotePool,
  ask,
  restartOnExit,
  type RequestOptions,
} from 'simple-ipc';
import { natsPool, serveExchange, type NatsPoolOptions, type ServeOptions } from 'simple-ipc/nats';
import { eventually, sh, temporaryFolder } from './programs.js';
import { startNats, type NatsServer } from './natsServer.js';

/**
 * Notes each request in a file, then executes it: `echo`, `many` (five lines before the last), `die`, `hold` (replies when
 * the file of that name is there), `large n` (a line of n characters).
 */
const program = `while read -r line; do
  echo "$line" >> "$1/executed"
  set -- "$1" $line
  case $2 in
    die) echo "dying of $line" >&2; exit 3 ;;
    hold) until [ -e "$1/$3" ]; do sleep 0.02; done ;;
    many) for i in 1 2 3 4 5; do echo "$line $i"; done ;;
    large) head -c "$3" /dev/zero | tr '\\0' x; echo ;;
  esac
  echo "$line done"
done`;

/** A reply ends with a line that ends so. */
const reply = takeWhile((line: string) => !line.endsWith('done'), true);

type Given<T> = Partial<T> & { readonly connectTo?: ConnectionOptions };

/** A broker, and what is connected to it, until it is disposed of. */
export async function natsRig(config?: string) {
  const folder = temporaryFolder();
  const broker = await startNats(config);
  const closing: (() => Promise<unknown>)[] = [];
  const path = (name: string) => join(folder, name);

  const open = async (options: ConnectionOptions = {}): Promise<NatsConnection> => {
    const connection = await connect({
      servers: broker.servers,
      reconnectTimeWait: 50,
      reconnectJitter: 20,
      maxReconnectAttempts: -1,
      ...options,
    });
    closing.push(() => connection.close());
    return connection;
  };

  return {
    broker,
    open,
    /** A node: a pool of the program above, that serves. */
    async serve({
      size = 2,
      pool = createPool(sh(program, folder), {
        size,
        supervise: restartOnExit({
          when: 'always',
          shared: true,
          maxRestarts: 100,
          delayMs: 10,
          jitter: false,
        }),
      }),
      connectTo,
      ...options
    }: Given<ServeOptions<string, string, string>> & {
      readonly size?: number;
      readonly pool?: Pool<string, string>;
    } = {}) {
      const connection = options.connection ?? (await open(connectTo));
      const service = serveExchange(pool, { subject: 'test.ask', reply, ...options, connection });
      const errors: unknown[] = [];
      service.errors$.subscribe((error) => errors.push(error));
      closing.push(() => pool[Symbol.asyncDispose]());
      closing.push(() => service.stop());
      return { pool, service, errors, connection };
    },
    /** A client. */
    async remote({ connectTo, ...options }: Given<NatsPoolOptions<string, string>> = {}) {
      const connection = options.connection ?? (await open(connectTo));
      const remote = natsPool({ subject: 'test.ask', ...options, connection });
      return Object.assign(remote, { connection });
    },
    /** The requests that the programs got, in their order. */
    executed: () =>
      existsSync(path('executed'))
        ? readFileSync(path('executed'), 'utf8').split('\n').slice(0, -1)
        : [],
    /** Lets `hold name` go on. */
    release: (name: string) => writeFileSync(path(name), ''),
    async [Symbol.asyncDispose]() {
      for (const close of closing.reverse()) await close();
      await broker[Symbol.asyncDispose]();
    },
  };
}

/** Asks as `ask` does. */
export const askRemote = <Reply>(
  remote: RemotePool<string, Reply>,
  request: string,
  options: RequestOptions = {},
) => ask(remote, request, options);

export type NatsRig = Awaited<ReturnType<typeof natsRig>>;
export { eventually, type NatsServer };
