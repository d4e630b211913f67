import { Observable } from 'rxjs';
import type { Link } from '../link/Line.js';
import { CLOSE } from '../link/LineClosedError.js';
import { portLine, type PortLike } from '../link/portLine.js';

/**
 * The link over a MessagePort: to the main process of Electron, or out of a thread.
 *
 * @example
 * ```ts
 * const link = portLink(() => {
 *   const { port1, port2 } = new MessageChannel();
 *   parentPort.postMessage(port2, [port2]); // there: host.accept(portLine(port))
 *   return port1;
 * });
 * ```
 *
 * @param make - makes a port whose other end is the host's: for instance one end of a channel whose other end it sends there.
 * @returns the link. Each subscription makes a port, and closes it when unsubscribed.
 * @see {@link socketLink}, for a WebSocket
 */
export function portLink(make: () => PortLike): Link {
  return new Observable((subscriber) => {
    const line = portLine(make());
    subscriber.next(line);
    return () => line.close(CLOSE.leaving, 'left');
  });
}
