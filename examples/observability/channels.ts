import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel';
import type { ExchangeMessage, RejectedMessage, RunMessage, StatusMessage } from 'simple-ipc';

/** The messages of each channel. */
interface Operations {
  readonly run: RunMessage;
  readonly exchange: ExchangeMessage;
}
interface Events {
  readonly status: StatusMessage;
  readonly rejected: RejectedMessage;
}

const nothing = (): void => undefined;

/**
 * Calls `begin` for each operation of simple-ipc that starts in this process, and the function that it returns when that
 * operation is over. @returns a function that ends the subscription; the operations under way are then dropped.
 */
export function onOperation<Name extends keyof Operations>(
  name: Name,
  begin: (message: Operations[Name]) => (message: Operations[Name], seconds: number) => void,
): () => void {
  const begun = new WeakMap<object, (message: Operations[Name]) => void>();
  const handlers = {
    start(message: Operations[Name]) {
      const end = begin(message);
      const startedAt = performance.now();
      begun.set(message, (last) => end(last, (performance.now() - startedAt) / 1000));
    },
    asyncEnd: (message: Operations[Name]) => begun.get(message)?.(message),
    end: nothing,
    asyncStart: nothing,
    error: nothing,
  };
  const channels = tracingChannel<unknown, Operations[Name]>(`simple-ipc:${name}`);
  channels.subscribe(handlers);
  return () => {
    channels.unsubscribe(handlers);
  };
}

/** Calls `listen` for each event of that name. @returns a function that ends the subscription. */
export function onEvent<Name extends keyof Events>(
  name: Name,
  listen: (message: Events[Name]) => void,
): () => void {
  const receive = (message: unknown): void => listen(message as Events[Name]);
  subscribe(`simple-ipc:${name}`, receive);
  return () => {
    unsubscribe(`simple-ipc:${name}`, receive);
  };
}

/** The kind of an error: a code of the system, or the name of its class. */
export function kindOf(error: unknown): string {
  if (!(error instanceof Error)) return 'Error';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
