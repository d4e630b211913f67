import { Observable } from 'rxjs';
import { decodeFrame } from './decodeFrame.js';
import { encodeFrame, joined } from './encodeFrame.js';
import type { Line } from './Line.js';
import { breach, CLOSE, LineClosedError } from './LineClosedError.js';

/** The part of a WebSocket that is used: a browser's, Node's, or that of the package ws. */
export interface SocketLike {
  /** Set to `'arraybuffer'`, or to `'nodebuffer'` for ws. */
  binaryType: string;
  /** 1 while it is open. */
  readonly readyState: number;
  /** Sends a message. */
  send(data: string | Uint8Array<ArrayBuffer>): void;
  /** Begins the closing handshake. */
  close(code?: number, reason?: string): void;
  /** Of ws only: closes without a handshake. */
  terminate?(): void;
  /** Registers a listener. */
  addEventListener(type: string, listener: (event: unknown) => void): void;
}

/** Methods that only ws has. */
interface WsSocket extends SocketLike {
  send(
    data: string | Uint8Array<ArrayBuffer>,
    options?: { readonly fin: boolean; readonly binary: true },
  ): void;
  terminate(): void;
}

const OPEN = 1;

/**
 * The line that an open WebSocket is. The socket is the line's from then on.
 *
 * @example
 * ```ts
 * gateway.on('connection', (socket, request) => {
 *   host.accept(socketLine(socket), { request, address: request.socket.remoteAddress });
 * });
 * ```
 *
 * @param socket - a browser's WebSocket, Node's, or one of the package ws.
 * @returns the line, for `host.accept()` or a link.
 * @see {@link socketLink}, for the other end
 */
export function socketLine(socket: SocketLike): Line {
  const ws = isWs(socket) ? socket : undefined;
  // ws copies each message for an ArrayBuffer.
  socket.binaryType = ws ? 'nodebuffer' : 'arraybuffer';
  let isClosed = false;
  const close = (code: number, reason: string): void => {
    if (isClosed) return;
    isClosed = true;
    // The other end of a silent line shakes no hands.
    if (code === CLOSE.silent && ws) ws.terminate();
    else socket.close(code, cut(reason));
  };
  return {
    frames$: new Observable((subscriber) => {
      socket.addEventListener('message', (event) => {
        if (isClosed) return;
        const { data } = event as { readonly data: string | ArrayBuffer | Uint8Array };
        let frame;
        try {
          frame = decodeFrame(data);
        } catch {
          const error = breach('that is not a frame');
          close(error.code, error.message);
          subscriber.error(error);
          return;
        }
        subscriber.next(frame);
      });
      socket.addEventListener('close', (event) => {
        isClosed = true;
        const { code, reason } = event as { readonly code: number; readonly reason: string };
        subscriber.error(new LineClosedError(code, reason));
      });
      // ws throws an error that has no listener. What follows it is the close.
      socket.addEventListener('error', () => undefined);
    }),
    send: (frame) => {
      if (isClosed || socket.readyState !== OPEN) return;
      const encoded = encodeFrame(frame);
      if (!ws || typeof encoded === 'string') {
        socket.send(joined(encoded));
      } else {
        // Two fragments of one message: the body is not copied for each session.
        ws.send(encoded[0], { fin: false, binary: true });
        ws.send(encoded[1], { fin: true, binary: true });
      }
    },
    close,
  };
}

function isWs(socket: SocketLike): socket is WsSocket {
  return typeof socket.terminate === 'function';
}

/** A close frame has room for 123 bytes of reason (RFC 6455, 5.5). */
function cut(reason: string): string {
  let short = reason.slice(0, 123);
  while (new TextEncoder().encode(short).length > 123) short = short.slice(0, -1);
  return short;
}
