import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A proxy whose connections can be cut as a network is: neither end is notified. */
export interface CuttableProxy extends AsyncDisposable {
  /** Where to connect to. */
  readonly servers: string;
  /** From now on nothing passes, in either direction, and no new connection either. */
  cut(): void;
  /** New connections pass again. What was cut off stays so, as after a change of address. */
  heal(): void;
}

/** Starts a proxy to a server at a port of this machine. */
export async function cuttableProxy(port: number): Promise<CuttableProxy> {
  const sockets = new Set<Socket>();
  const dead = new WeakSet<Socket>();
  let isCut = false;
  const join = (from: Socket, to: Socket): void => {
    sockets.add(from);
    from.on('data', (data) => {
      if (!dead.has(from)) to.write(data);
    });
    from.on('error', () => undefined);
    from.on('close', () => {
      sockets.delete(from);
      // The end of a cut connection does not pass either.
      if (!dead.has(from)) to.destroy();
    });
  };
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    join(client, upstream);
    join(upstream, client);
    if (isCut) for (const socket of [client, upstream]) dead.add(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    servers: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut() {
      isCut = true;
      for (const socket of sockets) dead.add(socket);
    },
    heal() {
      isCut = false;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
