import {
  delayWhen,
  filter,
  firstValueFrom,
  of,
  Subscription,
  tap,
  timer,
  type Observable,
} from 'rxjs';
import { boolean } from '../contract/check.js';
import type { Command } from '../contract/command.js';
import { InputClosedError } from '../contract/errors.js';
import type { Exit } from '../contract/exit.js';
import { internalsOf } from '../contract/internals.js';
import { checkOptions, type Checks } from '../contract/options.js';
import type { ReactiveWorker } from '../contract/ReactiveWorker.js';
import type { WorkerStatus } from '../contract/status.js';
import { jsonLines } from '../framing/jsonLines.js';
import { fieldsOf, type Fields } from '../rpc/dialect.js';
import type { RpcId, RpcMessage } from '../rpc/message.js';
import { inherit, SAFE_ENV } from '../run/inherit.js';
import { restartOnExit } from '../supervision/restartOnExit.js';
import { createWorker, WORKER_CHECKS, type WorkerOptions } from '../worker/createWorker.js';

type Options = Omit<
  WorkerOptions<RpcMessage, RpcMessage>,
  'codec' | 'ready' | 'start' | 'replay' | 'stderr'
>;

/** Options of {@link WorkerTransport}: those of a worker, with other defaults. */
export interface WorkerTransportOptions extends Options {
  /**
   * The environment of the server beside the variables that hold no secrets (`SAFE_ENV`), as with `StdioClientTransport`.
   * @defaultValue nothing
   */
  readonly env?: NodeJS.ProcessEnv;
  /** Whether the client is notified after a restart that the lists of the server may have changed. @defaultValue true */
  readonly announceRestarts?: boolean;
}

const { start, codec, ready, replay, stderr, ...CHECKS } = WORKER_CHECKS;
const TRANSPORT_CHECKS = {
  ...CHECKS,
  announceRestarts: boolean,
} satisfies Checks<WorkerTransportOptions>;

/** `ConnectionClosed`, as the client's own transport makes of it. */
const CONNECTION_CLOSED = -32_000;
/** How much longer than its stdin a server may live, before that is why its requests fail. */
const EXIT_GRACE_MS = 1_000;

/**
 * A `Transport` for the official client of the Model Context Protocol (`@modelcontextprotocol/sdk` 1 and
 * `@modelcontextprotocol/client` 2) on a supervised worker. A server that ends is started again; the client stays
 * connected: its own handshake is repeated for each run, the requests in flight fail at once (nothing is asked again,
 * since tools have effects), those that come meanwhile wait. `close()` ends the whole process tree.
 *
 * @example
 * ```ts
 * const transport = new WorkerTransport(['npx', '-y', '@modelcontextprotocol/server-everything']);
 * transport.worker.stderr$.subscribe((line) => console.error(line)); // Of all runs.
 * // await client.connect(transport);
 * ```
 *
 * @see {@link https://modelcontextprotocol.io/specification/2025-06-18/basic/transports}
 */
export class WorkerTransport {
  /** Called once, when the server is at rest for good. Set by the client. */
  onclose?: () => void;
  /** Called with what is no answer to anything: a line that is not JSON, the failure of the server. Set by the client. */
  onerror?: (error: Error) => void;
  /** Called with each message. Set by the client. */
  onmessage?: (message: RpcMessage) => void;
  /** Not used over stdio. */
  sessionId?: string;
  /** The server: its `status$`, its `stderr$` over all runs, `restart()`. */
  readonly worker: ReactiveWorker<RpcMessage, RpcMessage>;

  /** The client's requests without a response, each with its run; `undefined` while it waits for one. */
  readonly #pending = new Map<RpcId, number | undefined>();
  /** The requests of the current run of the server: the next one must not get their responses. */
  readonly #asked = new Set<RpcId>();
  readonly #subscriptions = new Subscription();
  readonly #announceRestarts: boolean;
  /** The client's handshake, which is repeated for each run. */
  #hello: RpcMessage | undefined;
  #initialized: RpcMessage | undefined;
  #capabilities: Fields = {};
  #running: number | undefined;
  #isConnected = false;
  #isClosed = false;

  /**
   * @param command - the server.
   * @param options - see {@link WorkerTransportOptions}.
   * @throws TypeError, RangeError for a wrong command or option.
   */
  constructor(command: Command, options: WorkerTransportOptions = {}) {
    checkOptions('WorkerTransport', options, TRANSPORT_CHECKS);
    const { announceRestarts = true, env, ...rest } = options;
    this.#announceRestarts = announceRestarts;
    this.worker = createWorker<RpcMessage, RpcMessage>(command, {
      supervise: restartOnExit({ when: 'always' }),
      // As long as the client's own transport waits.
      stop: { endInputMs: 2_000, terminateMs: 2_000, killMs: 2_000 },
      ...rest,
      env: { ...inherit(...SAFE_ENV), ...env },
      start: false,
      codec: jsonLines<RpcMessage, RpcMessage>({ onInvalid: (error) => this.onerror?.(error) }),
      ready: (output$, write) => this.#greet(output$, write),
    });
  }

  /** Starts the server. Settles when it runs; rejects if it cannot be started. Called by the client. */
  async start(): Promise<void> {
    if (this.#isConnected) throw new Error('a WorkerTransport can be started once');
    this.#isConnected = true;
    this.#listen();
    this.worker.start();
    const { status$ } = this.worker;
    const settled$ = status$.pipe(
      filter(({ state }) => state === 'running' || state === 'failed' || state === 'stopped'),
    );
    const status = await firstValueFrom(settled$, { defaultValue: status$.value });
    if (status.state === 'failed') throw status.error;
    if (status.state !== 'running') throw new Error('the server was stopped');
  }

  /** Sends a message. Called by the client. */
  send(message: RpcMessage): Promise<void> {
    if (this.#isClosed) return Promise.reject(new Error('Not connected'));
    if (this.#isForThisRun(message)) this.worker.send.next(message);
    return Promise.resolve();
  }

  /** Stops the server and whatever it has started, for good. */
  async close(): Promise<void> {
    await this.worker[Symbol.asyncDispose]();
    this.#close('was stopped');
  }

  #listen(): void {
    const { output$, rejected$, status$ } = this.worker;
    const { ended$, rest$ } = internalsOf(this.worker).supervisor;
    const subscriptions = [
      output$.subscribe((message) => this.#receive(message)),
      rejected$
        .pipe(
          // If its run is ending, the exit follows, and has a better message.
          delayWhen(({ error }) => timer(error instanceof InputClosedError ? EXIT_GRACE_MS : 0)),
        )
        .subscribe(({ value, error }) => this.#fail(value.id, error.message)),
      ended$.subscribe((exit) => this.#runEnded(exit)),
      status$.subscribe((status) => this.#follow(status)),
      rest$.subscribe((error) => {
        if (error) this.onerror?.(error);
        this.#close(error?.message ?? 'has ended');
      }),
    ];
    for (const subscription of subscriptions) this.#subscriptions.add(subscription);
  }

  /** Repeats the handshake of the client, if that is over: the first one it makes itself. */
  #greet(
    output$: Observable<RpcMessage>,
    write: (message: RpcMessage) => void,
  ): Observable<unknown> {
    const [hello, initialized] = [this.#hello, this.#initialized];
    if (!hello || !initialized) return of(true);
    write(hello);
    return output$.pipe(
      filter(({ id, method }) => id === hello.id && method === undefined),
      tap(({ error }) => {
        if (error) throw new Error(error.message);
        write(initialized);
      }),
    );
  }

  /** Whether a message of the client means something to the run that will read it. */
  #isForThisRun(message: RpcMessage): boolean {
    const { id, method, params } = message;
    if (id !== undefined && id !== null) {
      if (method === undefined) return this.#asked.delete(id);
      if (method === 'initialize') this.#hello = message;
      this.#pending.set(id, this.#running);
    } else if (method === 'notifications/initialized') {
      this.#initialized = message;
    } else if (method === 'notifications/cancelled') {
      return this.#pending.delete(fieldsOf(params).requestId as RpcId);
    }
    return true;
  }

  #receive(message: RpcMessage): void {
    const { id, method, result } = message;
    if (id !== undefined && id !== null) {
      if (id === this.#hello?.id && method === undefined) {
        this.#capabilities = fieldsOf(fieldsOf(result).capabilities);
      }
      if (method !== undefined) this.#asked.add(id);
      // Otherwise the response to our handshake, or to what was cancelled.
      else if (!this.#pending.delete(id)) return;
    }
    this.onmessage?.(message);
  }

  #follow(status: WorkerStatus): void {
    this.#running = status.state === 'running' ? status.generation : undefined;
    if (status.state !== 'running') return;
    for (const [id, generation] of this.#pending) {
      this.#pending.set(id, generation ?? status.generation);
    }
    if (status.generation > 1 && this.#initialized && this.#announceRestarts) this.#announce();
  }

  #runEnded({ generation, reason, code, signal, stderrTail }: Exit): void {
    this.#asked.clear();
    for (const [id, its] of [...this.#pending]) {
      if (its === undefined || its > generation) continue;
      this.#fail(id, `ended: ${reason} (${String(signal ?? code)})`, stderrTail);
    }
  }

  #fail(id: RpcId | null | undefined, reason: string, data?: string): void {
    if (id === undefined || id === null || !this.#pending.delete(id)) return;
    const message = `the server ${reason}`;
    const error = { code: CONNECTION_CLOSED, message, ...(data !== undefined && { data }) };
    this.onmessage?.({ jsonrpc: '2.0', id, error });
  }

  /** Notifies the client that the lists of the server have changed. */
  #announce(): void {
    for (const list of ['tools', 'resources', 'prompts']) {
      if (fieldsOf(this.#capabilities[list]).listChanged !== true) continue;
      this.onmessage?.({ jsonrpc: '2.0', method: `notifications/${list}/list_changed` });
    }
  }

  #close(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const id of [...this.#pending.keys()]) this.#fail(id, reason);
    this.#subscriptions.unsubscribe();
    this.onclose?.();
  }
}
