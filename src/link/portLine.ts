import { Observable } from 'rxjs';
import type { Arrived, Frame, Line } from './Line.js';
import { breach, LineClosedError } from './LineClosedError.js';

/** The part of a MessagePort that is used: a browser's, that of `worker_threads`, or Electron's `MessagePortMain`. */
export interface PortLike {
  /** Sends a message. */
  postMessage(message: unknown): void;
  /** Begins to deliver messages; a port of Node needs it no more. */
  start?(): void;
  /** Closes both ends. */
  close(): void;
  /** Registers a listener; of browsers and Node. */
  addEventListener?(type: string, listener: (event: unknown) => void): void;
  /** Registers a listener; of Electron. */
  on?(type: string, listener: (event: unknown) => void): unknown;
}

/** Electron loses what is posted just before the close. */
const CLOSE_MS = 100;

/**
 * The line that one end of a MessageChannel is. The port is the line's from then on.
 *
 * @example
 * ```ts
 * thread.on('message', (port) => host.accept(portLine(port as PortLike)));
 * ```
 *
 * @param port - a browser's MessagePort, that of `worker_threads`, or Electron's `MessagePortMain`.
 * @returns the line, for `host.accept()` or a link.
 * @see {@link portLink}, for the other end
 */
export function portLine(port: PortLike): Line {
  let isClosed = false;
  const listen = (type: string, listener: (event: unknown) => void): void => {
    if (port.addEventListener) port.addEventListener(type, listener);
    else port.on?.(type, listener);
  };
  const post = (message: unknown): void => {
    if (!isClosed) port.postMessage(message);
  };
  return {
    frames$: new Observable((subscriber) => {
      const lose = (error: LineClosedError): void => {
        if (!isClosed) port.close();
        isClosed = true;
        subscriber.error(error);
      };
      listen('message', (event) => {
        if (isClosed) return;
        const { data } = event as { readonly data: unknown };
        if (!Array.isArray(data)) lose(breach('that is not a frame'));
        // No browser has an event for a port whose other end is gone: each end sends a goodbye.
        else if (data[0] === 'b') lose(new LineClosedError(Number(data[1]), String(data[2])));
        else subscriber.next(data as Arrived);
      });
      listen('messageerror', () => lose(breach('that is not a frame')));
      listen('close', () => lose(new LineClosedError(1006, '')));
      port.start?.();
    }),
    send: (frame) => {
      const message = messageOf(frame);
      try {
        post(message);
      } catch {
        // Something that has no clone, such as a function: over a socket only its JSON would arrive, too.
        post(JSON.parse(JSON.stringify(message)));
      }
    },
    close: (code, reason) => {
      if (isClosed) return;
      post(['b', code, reason]);
      isClosed = true;
      setTimeout(() => port.close(), CLOSE_MS);
    },
  };
}

/** A frame as a port clones it. */
export function messageOf(frame: Frame): Arrived {
  if (frame[0] !== 'd') return frame;
  const [kind, at, consumed, { topic, values }] = frame;
  return [
    kind,
    at,
    consumed,
    topic,
    values[0] instanceof Uint8Array ? values.map(ownBytes) : values,
  ];
}

/** A view would be cloned with all the memory that it looks at; in Node's pool that is other connections'. */
function ownBytes(value: unknown): unknown {
  return value instanceof Uint8Array && value.byteLength !== value.buffer.byteLength
    ? new Uint8Array(value)
    : value;
}
