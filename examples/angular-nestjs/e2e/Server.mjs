import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../dist/server/main.js', import.meta.url));

/** The application, built, behind a wire that can be cut. */
export class Server {
  #wire = createServer((client) => this.#forward(client));
  #sockets = new Set();
  #isCut = false;
  #port;
  #process;
  #log = '';
  url;

  static async start(env = {}) {
    const server = new Server();
    server.#wire.listen(0, '127.0.0.1');
    await once(server.#wire, 'listening');
    server.url = `http://127.0.0.1:${server.#wire.address().port}`;
    server.#port = await freePort();
    server.#process = spawn(process.execPath, [main], {
      env: {
        ...process.env,
        NO_COLOR: '1',
        PORT: String(server.#port),
        ORIGINS: server.url,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    await new Promise((resolve, reject) => {
      const listen = (chunk) => {
        server.#log += chunk;
        if (server.#log.includes('Play at')) resolve();
      };
      server.#process.stdout.on('data', listen);
      server.#process.stderr.on('data', listen);
      server.#process.once('exit', (code) =>
        reject(new Error(`it ended (${code}):\n${server.#log}`)),
      );
    });
    return server;
  }

  get log() {
    return this.#log;
  }

  get pid() {
    return this.#process.pid;
  }

  /** Cuts all connections, and takes no new ones until `mend()`. */
  cut() {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend() {
    this.#isCut = false;
  }

  /** Asks the application to end. @returns after how many milliseconds it did. */
  async stop() {
    const start = performance.now();
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await ended;
    this.cut();
    this.#wire.close();
    return Math.round(performance.now() - start);
  }

  #forward(client) {
    if (this.#isCut) return client.destroy();
    const server = connect(this.#port, '127.0.0.1');
    for (const [from, to] of [
      [client, server],
      [server, client],
    ]) {
      this.#sockets.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
  }
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}
