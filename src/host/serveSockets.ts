import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { Subscription } from 'rxjs';
import { callable, listOf, object, text, type Check } from '../contract/check.js';
import { checkOptions, type Checks } from '../contract/options.js';
import { socketLine, type SocketLike } from '../link/socketLine.js';
import type { Client } from './Client.js';
import type { WorkerHost } from './createHost.js';

/** The part of a `WebSocketServer` of the package ws that is used. It must be made with `noServer: true`. */
export interface SocketServer {
  /** Its options; too generous ones are refused. */
  readonly options?: {
    /** The largest message. */
    readonly maxPayload?: number | undefined;
    /** Whether messages are compressed. */
    readonly perMessageDeflate?: unknown;
  };
  /** Shakes hands. */
  handleUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    done: (socket: SocketLike, request: IncomingMessage) => void,
  ): void;
}

/** Options of {@link serveSockets}, and of {@link refusalOf}. */
export interface SocketOptions {
  /**
   * The pages that may connect, exactly: `https://app.example`. What is no page (a program) shows no origin: `null` lets it in.
   */
  readonly origins: readonly (string | null)[];
  /** The allowed Host headers, exactly, with the port unless it is the usual one: `app.example`. DNS rebinding brings others. */
  readonly hosts: readonly string[];
  /** Where sockets are taken. @defaultValue `'/workers'` */
  readonly path?: string;
  /**
   * The address that connections are counted by. Behind a proxy all come from the same: take what *your* proxy adds to `X-Forwarded-For`.
   * @defaultValue that of the socket
   */
  readonly addressOf?: (request: IncomingMessage) => string | undefined;
}

const origin: Check = (name, value) => {
  if (value !== null) text(name, value);
};

const CHECKS = {
  origins: listOf('origins', origin),
  hosts: listOf('hosts', text),
  path: text,
  addressOf: callable,
} satisfies Checks<SocketOptions>;

/** Above it a single message could take more memory than a session may. */
const MAX_PAYLOAD_BYTES = 16 * 1024 * 1024;

/**
 * Has a host take the WebSockets that come to one path of an HTTP server. Origin and Host are checked before the
 * handshake. Requests for other paths are left to other listeners; without any they are refused.
 *
 * @example
 * ```ts
 * const sockets = new WebSocketServer({ noServer: true, maxPayload: 2 ** 21, perMessageDeflate: false });
 * serveSockets(server, sockets, host, { origins: ['https://app.example'], hosts: ['app.example'] });
 * ```
 *
 * @param server - of `node:http` or `node:https`.
 * @param sockets - made by `new WebSocketServer({ noServer: true, … })` of the package ws.
 * @param host - made by `createHost`.
 * @param options - see {@link SocketOptions}.
 * @returns a subscription; unsubscribing takes no more sockets. `host.close()` closes those that are open.
 * @throws TypeError for a wrong option, and for a WebSocketServer that takes large messages or compresses.
 * @see {@link refusalOf}, for gateways of a framework
 */
export function serveSockets<User extends Client>(
  server: Pick<Server, 'on' | 'off' | 'listenerCount'>,
  sockets: SocketServer,
  host: WorkerHost<User>,
  options: SocketOptions,
): Subscription {
  checkSockets(sockets);
  object('serveSockets: options', options);
  checkOptions('serveSockets', options, CHECKS);
  listOf('origins', origin)('serveSockets: origins', options.origins);
  listOf('hosts', text)('serveSockets: hosts', options.hosts);
  const { addressOf = ({ socket }: IncomingMessage) => socket.remoteAddress } = options;
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const status = refusalOf(request, options);
    if (status === 404 && server.listenerCount('upgrade') > 1) return;
    if (status !== undefined) {
      // Node has taken its own listener away.
      socket.on('error', () => socket.destroy());
      socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) =>
      host.accept(socketLine(webSocket), { request, address: addressOf(request) }),
    );
  };
  server.on('upgrade', upgrade);
  return new Subscription(() => server.off('upgrade', upgrade));
}

/**
 * Decides whether a request to upgrade may be taken, by its path, Host and Origin.
 *
 * @example
 * ```ts
 * server.on('upgrade', (request, socket) => {
 *   if (refusalOf(request, options)) socket.destroy();
 * });
 * ```
 *
 * @param request - as it came.
 * @param options - see {@link SocketOptions}.
 * @returns the HTTP status to refuse it with, or `undefined` if it may be taken.
 */
export function refusalOf(
  { headers, url = '/' }: Pick<IncomingMessage, 'headers' | 'url'>,
  { path = '/workers', origins, hosts }: SocketOptions,
): number | undefined {
  if (url.split('?', 1)[0] !== path) return 404;
  if (!hosts.includes(headers.host ?? '')) return 421;
  if (!origins.includes(headers.origin ?? null)) return 403;
  return undefined;
}

function checkSockets({ options: { maxPayload, perMessageDeflate } = {} }: SocketServer): void {
  if (maxPayload !== undefined && !(maxPayload > 0 && maxPayload <= MAX_PAYLOAD_BYTES)) {
    throw new TypeError(
      `serveSockets: the WebSocketServer takes messages of ${maxPayload} bytes: give it maxPayload: 2 * 1024 * 1024`,
    );
  }
  if (perMessageDeflate) {
    throw new TypeError(
      'serveSockets: the WebSocketServer compresses, which costs memory per client: give it perMessageDeflate: false',
    );
  }
}
