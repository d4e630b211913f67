import type { NatsConnection } from '@nats-io/nats-core';

/** The events of a connection. */
export interface ConnectionEvents {
  lost(): void;
  back(): void;
  /** For good. */
  closed(reason: string): void;
  /** The account may not publish to that subject, or not subscribe to it. */
  refused(subject: string, message: string): void;
}

/** Follows a connection through its losses and returns. */
export class ConnectionWatch {
  /** Changes with each loss and return: the result of what began under another number is void. */
  number = 0;
  isUp: boolean;
  readonly #connection: NatsConnection;
  readonly #status: ReturnType<NatsConnection['status']>;
  #isStopped = false;

  constructor(connection: NatsConnection, events: ConnectionEvents) {
    this.#connection = connection;
    this.isUp = connection.info !== undefined;
    this.#status = connection.status();
    void this.#follow(events);
  }

  stop(): void {
    this.#isStopped = true;
    // The iterator would wait for one more event; only its own stop() ends that.
    if (isStoppable(this.#status)) this.#status.stop();
  }

  async #follow(events: ConnectionEvents): Promise<void> {
    for await (const event of this.#status) {
      if (this.#isStopped) return;
      switch (event.type) {
        case 'disconnect':
        case 'reconnect':
          this.isUp = event.type === 'reconnect';
          this.number++;
          if (this.isUp) events.back();
          else events.lost();
          break;
        case 'close': {
          this.isUp = false;
          this.number++;
          const error = await this.#connection.closed();
          events.closed(error ? error.message : 'it was closed');
          break;
        }
        case 'error':
          if (isViolation(event.error)) events.refused(event.error.subject, event.error.message);
          break;
        default:
      }
    }
  }
}

/** An error of the account's permissions. By its name, not its class: the connection may be made by another copy. */
export function isViolation(error: unknown): error is Error & { readonly subject: string } {
  return error instanceof Error && error.name === 'PermissionViolationError';
}

function isStoppable(iterable: object): iterable is { stop(): void } {
  return 'stop' in iterable && typeof iterable.stop === 'function';
}
