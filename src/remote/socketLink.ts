import { Observable } from 'rxjs';
import type { Link } from '../link/Line.js';
import { LineClosedError } from '../link/LineClosedError.js';
import { socketLine, type SocketLike } from '../link/socketLine.js';

/**
 * The link over a WebSocket.
 *
 * @example
 * ```ts
 * connectWorker('engine', { link: socketLink('wss://app.example/workers') });
 * // In Node 20, which has no WebSocket of its own:
 * socketLink('wss://app.example/workers', (url) => new WebSocket(url, { perMessageDeflate: false }));
 * ```
 *
 * @param url - where the host's `serveSockets` listens; a function is called for each attempt. Do not put a token into it: it is logged.
 * @param make - makes the socket. @defaultValue the platform's `WebSocket`
 * @returns the link. Each subscription opens a socket, and closes it when unsubscribed.
 * @see {@link portLink}, for a MessagePort
 */
export function socketLink(
  url: string | URL | (() => string | URL),
  make: (url: string | URL) => SocketLike = (at) => new WebSocket(at),
): Link {
  return new Observable((subscriber) => {
    const socket = make(typeof url === 'function' ? url() : url);
    const lost = (event: unknown): void => {
      const { code = 1006, reason = '' } = event as Partial<LineClosedError & { reason: string }>;
      subscriber.error(new LineClosedError(code, reason));
    };
    socket.addEventListener('open', () => subscriber.next(socketLine(socket)));
    socket.addEventListener('error', lost);
    socket.addEventListener('close', lost);
    return () => socket.close();
  });
}
