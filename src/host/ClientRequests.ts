import { defer, from, ignoreElements, Subscription, type ObservableInput } from 'rxjs';
import type { ReactiveWorker } from '../contract/ReactiveWorker.js';
import { ask } from '../exchange/ask.js';
import type { ReplyOptions } from '../exchange/RequestOptions.js';
import { RefusedError } from '../link/bridgeErrors.js';
import { breach } from '../link/LineClosedError.js';
import type { Client } from './Client.js';
import type { AnyWorker, Exposure, Lease, Right } from './Exposure.js';

/** The callbacks of a client's requests. */
export interface RequestPorts {
  replied(id: number, reply: unknown): void;
  ended(id: number, error?: unknown): void;
}

/** Checks the requests of a client against its rights, and holds those under way. */
export class ClientRequests {
  readonly #underWay = new Map<number, Subscription>();

  constructor(
    private readonly exposure: Exposure,
    private readonly target: Lease['target'],
    private readonly client: Client,
    private readonly ports: RequestPorts,
  ) {}

  /** @throws RefusedError without that right; every right is one to a worker, not to a pool. */
  checkRight(right: Right): AnyWorker {
    if (this.exposure.kind === 'pool' || !this.exposure.rights.has(right)) {
      throw new RefusedError([], `no right to ${right}`);
    }
    return this.target as AnyWorker;
  }

  /** @throws RefusedError if it may not be sent or asked. */
  checkValue(value: unknown): void {
    const refusal = this.exposure.check(value, this.client);
    if (refusal !== undefined) throw new RefusedError([], refusal);
  }

  /** Begins a request: `[id, name, request]`. @throws LineClosedError if it is none. */
  begin(topic: 'do' | 'ask', message: unknown): void {
    if (!Array.isArray(message) || !Number.isSafeInteger(message[0]))
      throw breach('that is not a request');
    const [id, name, request] = message as [number, unknown, unknown];
    if (this.#underWay.has(id)) throw breach('that request is under way');
    const work$ = defer(() => {
      if (this.#underWay.size > this.exposure.maxAsks) {
        throw new RefusedError([], `more than ${this.exposure.maxAsks} requests at a time`);
      }
      return topic === 'do' ? this.#control(name) : this.#exchange(name, request);
    });
    const work = new Subscription(() => this.#underWay.delete(id));
    this.#underWay.set(id, work);
    work.add(
      work$.subscribe({
        next: (reply) => this.ports.replied(id, reply),
        error: (error: unknown) => {
          work.unsubscribe();
          this.ports.ended(id, error);
        },
        complete: () => {
          work.unsubscribe();
          this.ports.ended(id);
        },
      }),
    );
  }

  /** The client has left a request. */
  leave(id: unknown): void {
    this.#underWay.get(id as number)?.unsubscribe();
  }

  /** Fails a request from here. */
  fail(id: number, error: Error): void {
    this.leave(id);
    this.ports.ended(id, error);
  }

  leaveAll(): void {
    for (const work of this.#underWay.values()) work.unsubscribe();
  }

  #control(what: unknown): ObservableInput<never> {
    const worker = this.checkRight('control');
    if (what === 'start') worker.start();
    else if (what === 'stop') return from(worker.stop()).pipe(ignoreElements());
    else if (what === 'restart') return from(worker.restart()).pipe(ignoreElements());
    else throw new RefusedError([], 'no such request');
    return [];
  }

  #exchange(name: unknown, request: unknown): ObservableInput<unknown> {
    const { exchanges } = this.exposure;
    // An exchange of that name: not what every object has, such as `constructor`.
    const found = typeof name === 'string' && Object.hasOwn(exchanges, name) && exchanges[name];
    if (!found) throw new RefusedError([], 'no such exchange');
    this.checkValue(request);
    const worker = this.target as ReactiveWorker<unknown, unknown>;
    return ask(worker, request, found as ReplyOptions<unknown, unknown, unknown>);
  }
}
