import { createServer, type Server } from 'node:http';
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { filter, firstValueFrom, type Observable } from 'rxjs';
import {
  createHost,
  serveSockets,
  type HostOptions,
  type SocketOptions,
  type WorkerHost,
} from 'simple-ipc/host';
import {
  socketLink,
  type Connection,
  type Gap,
  type Link,
  type RemoteWorker,
} from 'simple-ipc/remote';
import { WebSocket, WebSocketServer } from 'ws';
import { cleanUp } from './programs.js';

/** Resources to be closed after a test, the newest first. */
const closing: (() => unknown)[] = [];

export function afterThis(close: () => unknown): void {
  closing.push(close);
}

export async function closeAll(): Promise<void> {
  for (const close of closing.splice(0).reverse()) await close();
  await cleanUp();
}

export interface Served {
  readonly host: WorkerHost;
  readonly server: Server;
  readonly sockets: WebSocketServer;
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

/** A host behind a real HTTP server on loopback. Everyone with the token `ok…` is let in, as a user of that name. */
export async function serve(
  options: Pick<HostOptions, 'workers'> & Partial<HostOptions>,
  { port: at = 0, ...socketOptions }: Partial<SocketOptions> & { readonly port?: number } = {},
): Promise<Served> {
  const host = createHost({
    authorize: ({ token }) =>
      typeof token === 'string' && token.startsWith('ok') ? { id: token } : undefined,
    ...options,
  });
  const server = createServer((_, response) => response.end('hello'));
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: 2 * 1024 * 1024,
    perMessageDeflate: false,
  });
  await new Promise<void>((resolve) => server.listen(at, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const hosts: string[] = [`127.0.0.1:${port}`, `localhost:${port}`, 'proxied'];
  const served = serveSockets(server, sockets, host, { origins: [null], hosts, ...socketOptions });
  let isClosed = false;
  const close = async (): Promise<void> => {
    if (isClosed) return;
    isClosed = true;
    served.unsubscribe();
    await host.close();
    for (const socket of sockets.clients) socket.terminate();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  afterThis(close);
  return { host, server, sockets, port, url: `ws://127.0.0.1:${port}/workers`, close };
}

/** A TCP proxy whose connections can be cut, stalled, or forgotten without a word. */
export class Proxy {
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  readonly #server = createTcpServer({ noDelay: true }, (client) => this.#join(client));
  #target: number;
  isRefusing = false;
  cuts = 0;
  connections = 0;

  constructor(target: number) {
    this.#target = target;
  }

  static async to(target: number): Promise<Proxy> {
    const proxy = new Proxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    afterThis(async () => {
      proxy.cut();
      await new Promise((resolve) => proxy.#server.close(resolve));
    });
    return proxy;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/workers`;
  }

  /** Resets every connection. */
  cut(): void {
    for (const pair of this.#pairs) {
      this.cuts++;
      for (const socket of pair) socket.resetAndDestroy();
    }
  }

  /** Carries nothing until it does again. */
  stall(isStalled: boolean): void {
    for (const pair of this.#pairs) {
      for (const socket of pair) {
        if (isStalled) socket.pause();
        else socket.resume();
      }
    }
  }

  /** Stops carrying data on open connections, without an error. */
  forget(): void {
    for (const [one, other] of this.#pairs) {
      one.unpipe();
      other.unpipe();
      one.pause();
      other.pause();
    }
  }

  #join(client: Socket): void {
    if (this.isRefusing) {
      client.destroy();
      return;
    }
    this.connections++;
    const server = connect({ port: this.#target, host: '127.0.0.1', noDelay: true });
    const pair = [client, server] as const;
    this.#pairs.add(pair);
    client.pipe(server);
    server.pipe(client);
    const end = (): void => {
      this.#pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    for (const socket of pair) socket.on('error', end).on('close', end);
  }
}

/** A link as Node has it: by ws, as the host of the URL, or as another. */
export function linkTo(url: string, headers: Record<string, string> = { host: 'proxied' }): Link {
  return socketLink(url, (at) => new WebSocket(at, { perMessageDeflate: false, headers }));
}

/** Everything that a remote worker reports, from now on. It is closed after the test. */
export function watch<Out, In>(worker: RemoteWorker<Out, In, any>) {
  afterThis(() => worker.close());
  const seen = {
    output: [] as Out[],
    stderr: [] as string[],
    states: [] as string[],
    rejected: [] as [In, Error][],
    gaps: [] as Gap[],
    connections: [] as Connection[],
    /** Output and gaps in the order in which they came. */
    all: [] as (Out | Gap)[],
  };
  worker.output$.subscribe((value) => {
    seen.output.push(value);
    seen.all.push(value);
  });
  worker.stderr$.subscribe((line) => seen.stderr.push(line));
  worker.status$.subscribe(({ state }) => seen.states.push(state));
  worker.rejected$.subscribe(({ value, error }) => seen.rejected.push([value, error]));
  worker.gaps$.subscribe((gap) => {
    seen.gaps.push(gap);
    seen.all.push(gap);
  });
  worker.connection$.subscribe((connection) => seen.connections.push(connection));
  return seen;
}

/** Waits for the first value that is as wanted. */
export function until<T>(values$: Observable<T>, isWanted: (value: T) => boolean): Promise<T> {
  return firstValueFrom(values$.pipe(filter(isWanted)));
}

/** Waits until something holds that no stream reports; the time limit is that of the test. */
export async function poll(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}
