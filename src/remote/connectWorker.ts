import { Subject, type Observable } from 'rxjs';
import { integer, object, text } from '../contract/check.js';
import { InputOverflowError, messageOf } from '../contract/errors.js';
import { internals } from '../contract/internals.js';
import type { LineInput } from '../contract/LineInput.js';
import { checkOptions, type Checks } from '../contract/options.js';
import type { RejectedInput } from '../contract/ReactiveWorker.js';
import { warn } from '../contract/warn.js';
import { measure, type Measured, type Missing, type Topic } from '../link/Batch.js';
import { RefusedError, SessionLostError } from '../link/bridgeErrors.js';
import { MAX_SENT_BYTES } from '../link/limits.js';
import type { RemoteStatus, WireError, WireStatus } from '../link/RemoteStatus.js';
import type { LostBatches } from '../link/Session.js';
import { Broadcast } from '../rx/Broadcast.js';
import { SharedPause } from '../rx/SharedPause.js';
import { OutputIterator } from '../worker/OutputIterator.js';
import { CONNECT_CHECKS, type ConnectOptions } from './ConnectOptions.js';
import { HostConnection } from './HostConnection.js';
import { RemoteInput } from './RemoteInput.js';
import { IN_DOUBT, RemoteRequests, type RemoteAskOptions } from './RemoteRequests.js';
import type { Exchanges, Gap, RemoteWorker } from './RemoteWorker.js';
import { Reviver } from './revive.js';
import { createState } from './StateSubject.js';

/** Options of {@link connectWorker}. */
export interface ConnectWorkerOptions extends ConnectOptions {
  /** How many of the last values a late subscriber of `output$` and `stderr$` gets. @defaultValue 0 */
  readonly replay?: number;
}

const CHECKS = { ...CONNECT_CHECKS, replay: integer } satisfies Checks<ConnectWorkerOptions>;

/**
 * Connects to a worker that a host exposes. It begins at once, and goes on until `close()`: when the line is lost it
 * connects again and resumes the session, so that nothing is lost or doubled.
 *
 * @example
 * ```ts
 * const engine = connectWorker('engine', { link: socketLink('wss://app.example/workers') });
 * engine.output$.subscribe((line) => console.log(line));
 * engine.send.next('go depth 12');
 * ```
 *
 * @param name - the name that the host has given the worker.
 * @param options - see {@link ConnectWorkerOptions}.
 * @returns the worker; what fails is reported on `connection$`, `rejected$` and `gaps$`.
 * @throws TypeError, RangeError for a wrong argument.
 * @see {@link connectPool}, for a pool
 */
export function connectWorker<Out = string, In = LineInput, Asks extends Exchanges = Exchanges>(
  name: string,
  options: ConnectWorkerOptions,
): RemoteWorker<Out, In, Asks> {
  text('connectWorker: name', name);
  object('connectWorker: options', options);
  checkOptions('connectWorker', options, CHECKS);
  CHECKS.link('connectWorker: link', options.link);
  return new HostedWorker<Out, In, Asks>(name, options);
}

class HostedWorker<Out, In, Asks extends Exchanges> implements RemoteWorker<Out, In, Asks> {
  readonly #name: string;
  readonly #reviver: Reviver;
  readonly #output: Broadcast<Out>;
  readonly #stderr: Broadcast<string>;
  readonly #rejected = new Broadcast<RejectedInput<In>>();
  readonly #gaps = new Broadcast<Gap>();
  readonly #status = createState<RemoteStatus>({ state: 'stopped' });
  readonly #rest$ = new Subject<unknown>();
  readonly #pause = new SharedPause((isPaused) => this.#connection.hold(isPaused));
  readonly #requests: RemoteRequests;
  readonly #connection: HostConnection;
  readonly #maxPendingBytes: number;
  readonly #warned = new Set<string>();
  readonly output$: Observable<Out>;
  readonly stderr$: Observable<string>;
  readonly rejected$ = this.#rejected.values$;
  readonly gaps$ = this.#gaps.values$;
  readonly status$ = this.#status.state$;
  readonly connection$;
  readonly send: RemoteInput<In>;

  constructor(name: string, options: ConnectWorkerOptions) {
    const { replay = 0, maxPendingBytes = 64 * 1024 * 1024 } = options;
    this.#name = name;
    this.#maxPendingBytes = maxPendingBytes;
    this.#reviver = new Reviver(name);
    this.#requests = new RemoteRequests(name, () => this.#connection, this.#reviver);
    this.#output = new Broadcast<Out>(replay);
    this.#stderr = new Broadcast<string>(replay);
    this.output$ = this.#output.values$;
    this.stderr$ = this.#stderr.values$;
    this.send = new RemoteInput<In>(
      (value) => this.#push(value),
      () => this.#connection.refusal ?? this.#connection.send('eof', true),
    );
    this.#connection = new HostConnection(name, 'worker', options, {
      deliver: (topic, values) => this.#deliver(topic, values),
      sessionLost: (lost, hadSession) => this.#sessionLost(lost, hadSession),
    });
    this.connection$ = this.#connection.state$;
    const onHost = new TypeError(
      `"${name}" runs on a host: expose an exchange there and use ask(), send values by send.next()`,
    );
    internals.set(this, {
      command: [name],
      clock: this.#connection.clock,
      pause: this.#pause,
      get output$(): never {
        throw onHost;
      },
      get input(): never {
        throw onHost;
      },
      get mutex(): never {
        throw onHost;
      },
      get supervisor(): never {
        throw onHost;
      },
    });
    this.#connection.connect();
  }

  start(): void {
    this.#requests.request('do', ['start']).subscribe({
      error: (error: unknown) => this.#warnOnce('start', `was not started: ${messageOf(error)}`),
    });
  }

  stop(): Promise<void> {
    return this.#control('stop');
  }

  restart(): Promise<void> {
    return this.#control('restart');
  }

  ask<Name extends keyof Asks & string>(
    name: Name,
    request: Asks[Name][0],
    { idempotent = false }: RemoteAskOptions = {},
  ): Observable<Asks[Name][1]> {
    return this.#requests.request('ask', [name, request], idempotent);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Out> {
    return new OutputIterator(this.output$, this.#rest$, this.#pause);
  }

  reconnect(): void {
    this.#connection.reconnect();
  }

  close(): void {
    this.#connection.close();
    for (const stream of [this.#output, this.#stderr, this.#rejected, this.#gaps, this.#status]) {
      stream.complete();
    }
    this.send.endAll();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  #control(what: 'stop' | 'restart'): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#requests.request('do', [what]).subscribe({
        complete: resolve,
        // A host that has lost us disposes of what is ours.
        error: (error: unknown) => {
          if (error instanceof RefusedError && !this.#connection.refusal) reject(error);
          else resolve();
        },
      });
    });
  }

  #push(sent: In): void {
    const value = typeof sent === 'bigint' ? String(sent) : sent;
    const { refusal } = this.#connection;
    let measured: Measured;
    try {
      if (refusal) throw refusal;
      measured = measure(value);
      this.#checkRoom(measured.bytes);
    } catch (error) {
      this.#reject(sent, error as Error);
      return;
    }
    this.#connection.send('send', value, measured);
  }

  #checkRoom(bytes: number): void {
    if (bytes > MAX_SENT_BYTES) {
      throw new RefusedError([this.#name], `a value is larger than ${MAX_SENT_BYTES} bytes`);
    }
    if (this.#connection.pendingBytes + bytes > this.#maxPendingBytes) {
      throw new InputOverflowError(
        [this.#name],
        `is not reached: ${this.#maxPendingBytes} bytes wait for it`,
      );
    }
  }

  #reject(value: In, error: Error): void {
    if (this.#rejected.isObserved) this.#rejected.next({ value, error });
    else
      this.#warnOnce(
        'rejected',
        `will not get an input: ${error.message} (said once; see rejected$)`,
      );
  }

  #rejectAll(batches: LostBatches['unsent'], error: Error): void {
    for (const { topic, values } of batches) {
      if (topic === 'send') for (const value of values) this.#reject(value as In, error);
    }
  }

  #missing(gap: Gap): void {
    if (gap.missed === 0) return;
    if (this.#gaps.isObserved) this.#gaps.next(gap);
    else
      this.#warnOnce('gap', `has a gap in its ${gap.stream}: ${gap.reason} (said once; see gaps$)`);
  }

  #warnOnce(kind: string, what: string): void {
    if (!this.#warned.has(kind)) warn(`"${this.#name}" ${what}`);
    this.#warned.add(kind);
  }

  #sessionLost({ inDoubt, unsent }: LostBatches, hadSession: boolean): void {
    this.#requests.sessionLost(unsent);
    const { refusal } = this.#connection;
    const unsentError = new SessionLostError(
      [this.#name],
      'lost the session before this was sent',
      false,
    );
    this.#rejectAll(inDoubt, new SessionLostError([this.#name], IN_DOUBT, true));
    this.#rejectAll(unsent, refusal ?? unsentError);
    if (hadSession) this.#missing({ reason: 'session', stream: 'output', missed: undefined });
    if (!refusal) this.#warned.clear();
  }

  // The host is trusted: what it sends is not checked value by value.
  #deliver(topic: Topic, values: readonly unknown[]): void {
    switch (topic) {
      case 'out':
        for (const value of values) this.#output.next(value as Out);
        break;
      case 'err':
        for (const line of values) this.#stderr.next(line as string);
        break;
      case 'status':
        for (const status of values) {
          this.#status.next(
            this.#reviver.status(status as WireStatus, this.#connection.clock.date()),
          );
        }
        break;
      case 'rest':
        for (const error of values)
          this.#rest$.next(error ? this.#reviver.error(error as WireError) : undefined);
        break;
      case 'rejected':
        for (const [value, error] of values as [In, WireError][])
          this.#reject(value, this.#reviver.error(error));
        break;
      case 'gap':
        for (const { out, err, reason } of values as Missing[]) {
          this.#missing({ reason, stream: 'output', missed: out });
          this.#missing({ reason, stream: 'stderr', missed: err });
        }
        break;
      case 'done':
        this.close();
        break;
      default:
        this.#requests.deliver(topic, values);
    }
  }
}
