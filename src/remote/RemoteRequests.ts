import { Observable, type Subscriber } from 'rxjs';
import { measure, type Batch, type Topic } from '../link/Batch.js';
import { RefusedError, SessionLostError } from '../link/bridgeErrors.js';
import { MAX_SENT_BYTES } from '../link/limits.js';
import type { WireError } from '../link/RemoteStatus.js';
import { runGuarded } from '../rx/runGuarded.js';
import type { HostConnection } from './HostConnection.js';
import type { Reviver } from './revive.js';

/** Options of a remote `ask`. */
export interface RemoteAskOptions {
  /**
   * Whether it may be asked again if the session is lost while it is under way. What was emitted of the reply before
   * is then emitted anew. @defaultValue false: `SessionLostError`
   */
  readonly idempotent?: boolean;
}

interface Pending {
  readonly topic: 'ask' | 'do';
  readonly message: readonly [id: number, ...unknown[]];
  readonly isIdempotent: boolean;
  readonly subscriber: Subscriber<unknown>;
}

/** The requests of a client that are under way. */
export class RemoteRequests {
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;

  constructor(
    private readonly name: string,
    private readonly connection: () => HostConnection,
    private readonly reviver: Reviver,
  ) {}

  /** One request per subscription. Unsubscribing leaves it: the host drops the reply. */
  request(
    topic: 'ask' | 'do',
    content: readonly unknown[],
    isIdempotent = false,
  ): Observable<unknown> {
    return new Observable((subscriber) => {
      const connection = this.connection();
      const id = ++this.#lastId;
      const message = [id, ...content] as const;
      const measured = measure(message);
      const refusal = connection.refusal ?? this.#tooLarge(measured.bytes);
      if (refusal) {
        subscriber.error(refusal);
        return undefined;
      }
      this.#pending.set(id, { topic, message, isIdempotent, subscriber });
      connection.send(topic, message, measured);
      return () => {
        if (this.#pending.delete(id) && topic === 'ask' && !connection.refusal) {
          connection.send('leave', id);
        }
      };
    });
  }

  deliver(topic: Topic, values: readonly unknown[]): void {
    if (topic === 'reply') {
      for (const [id, value] of values as [number, unknown][]) {
        this.#pending.get(id)?.subscriber.next(value);
      }
    } else if (topic === 'end') {
      for (const [id, error] of values as [number, WireError?][]) {
        const pending = this.#pending.get(id);
        this.#pending.delete(id);
        if (pending) this.#end(pending, error && this.reviver.error(error));
      }
    }
  }

  /** Sends those again that may be: the others are in doubt. */
  sessionLost(unsent: readonly Batch[]): void {
    const { refusal } = this.connection();
    const unsentIds = new Set(unsent.flatMap(({ values }) => values.map(idOf)));
    for (const [id, pending] of [...this.#pending]) {
      const mayRepeat = pending.isIdempotent || unsentIds.has(id);
      if (mayRepeat && !refusal) {
        this.connection().send(pending.topic, pending.message);
      } else if (this.#pending.delete(id)) {
        this.#end(pending, refusal ?? new SessionLostError([this.name], IN_DOUBT, true));
      }
    }
  }

  #tooLarge(bytes: number): Error | undefined {
    if (bytes <= MAX_SENT_BYTES) return undefined;
    return new RefusedError([this.name], `a request is larger than ${MAX_SENT_BYTES} bytes`);
  }

  #end({ subscriber }: Pending, error?: Error): void {
    runGuarded(() => {
      if (error) subscriber.error(error);
      else subscriber.complete();
    });
  }
}

/** Why what had been sent failed with the session. */
export const IN_DOUBT = 'lost the session: whether it got this is not known';

function idOf(message: unknown): unknown {
  return Array.isArray(message) ? message[0] : undefined;
}
