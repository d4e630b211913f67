import { filter, map, Observable, Subscription } from 'rxjs';
import { callable, nonNegative } from '../contract/check.js';
import { ExitError, messageOf, NotRunningError, ReplyTimeoutError } from '../contract/errors.js';
import { checkOptions, type Checks } from '../contract/options.js';
import { fieldsOf, type Dialect, type Fields } from './dialect.js';
import { INTERNAL_ERROR, JsonRpcError, METHOD_NOT_FOUND } from './JsonRpcError.js';
import type { RpcId, RpcMessage, RpcNotification } from './message.js';
import type { RpcWorker, StatusLike } from './RpcWorker.js';

/** Options of {@link JsonRpc.request}. */
export interface RpcRequestOptions {
  /** How long the response may take, from the sending on, in milliseconds. @defaultValue Infinity */
  readonly timeoutMs?: number;
  /** Called with each report on the progress of the request, in the form of its protocol. @defaultValue none */
  readonly onProgress?: (value: unknown) => void;
}

/** A conversation in JSON-RPC 2.0. */
export interface JsonRpc extends Disposable {
  /**
   * Asks, once per subscription: emits the result and completes. Unsubscribing before that cancels the request.
   *
   * Errors with `JsonRpcError` (the answer), `ExitError` (its run ended first), `ReplyTimeoutError`, or why the
   * request could not be sent.
   */
  request<Result = unknown>(
    method: string,
    params?: unknown,
    options?: RpcRequestOptions,
  ): Observable<Result>;
  /** Sends a notification. */
  notify(method: string, params?: unknown): void;
  /**
   * Answers the requests of the other side for a method; without a handler the answer is "method not found". What
   * the handler returns or resolves is the result; `signal` is aborted when the other side cancels or its run ends.
   *
   * @returns a function that removes the handler.
   */
  onRequest(method: string, handle: RpcHandler): () => void;
  /** The notifications of the other side, those of cancellation and progress included. */
  readonly notifications$: Observable<RpcNotification>;
}

/** Answers a request. What it throws is the answer, too: a `JsonRpcError` as it is, anything else as an internal error. */
export type RpcHandler = (params: unknown, signal: AbortSignal) => unknown;

const REQUEST_CHECKS = {
  timeoutMs: nonNegative,
  onProgress: callable,
} satisfies Checks<RpcRequestOptions>;

/** A request without a response yet. */
interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly fail: (error: unknown) => void;
  readonly onProgress: ((value: unknown) => void) | undefined;
  /** The run that has it; `undefined` while it waits for one. */
  generation: number | undefined;
}

/** The implementation of `jsonRpc`. */
export class Conversation implements JsonRpc {
  readonly notifications$: Observable<RpcNotification>;
  readonly #pending = new Map<RpcId, Pending>();
  readonly #handlers = new Map<string, RpcHandler>();
  /** The requests of the other side that are being answered. */
  readonly #answering = new Map<RpcId, AbortController>();
  readonly #subscriptions = new Subscription();
  #command: readonly string[] = [];
  /** The generation of the run that takes input. */
  #running: number | undefined;
  #requests = 0;

  constructor(
    private readonly worker: RpcWorker,
    private readonly dialect: Dialect,
  ) {
    this.notifications$ = worker.output$.pipe(
      filter(({ id, method }) => id === undefined && method !== undefined),
      map(({ method = '', params }) => ({ method, params })),
    );
    this.#subscriptions.add(worker.output$.subscribe((message) => this.#receive(message)));
    this.#subscriptions.add(
      worker.rejected$.subscribe(({ value, error }) => {
        if (value.method !== undefined && value.id !== undefined) this.#take(value.id)?.fail(error);
      }),
    );
    this.#subscriptions.add(worker.status$.subscribe((status) => this.#follow(status)));
  }

  request<Result>(
    method: string,
    params?: unknown,
    options: RpcRequestOptions = {},
  ): Observable<Result> {
    checkOptions('request', options, REQUEST_CHECKS);
    const { timeoutMs = Infinity, onProgress } = options;
    return new Observable((subscriber) => {
      // Text: the other side numbers its own, and an answer must not be taken for a request.
      const id = `simple-ipc ${++this.#requests}`;
      const { dialect } = this;
      let isSettled = false;
      const settle = (act: () => void) => {
        isSettled = true;
        act();
      };
      this.#pending.set(id, {
        resolve: (result) =>
          settle(() => {
            subscriber.next(result as Result);
            subscriber.complete();
          }),
        fail: (error) => settle(() => subscriber.error(error)),
        onProgress,
        generation: this.#running,
      });
      const body = onProgress ? dialect.withToken(params, id) : params;
      subscriber.add(() => {
        this.#pending.delete(id);
        if (!isSettled) this.notify(dialect.cancel, dialect.cancelParams(id));
      });
      if (timeoutMs !== Infinity) {
        const timer = setTimeout(() => {
          const reason = `did not answer ${method} within timeoutMs (${timeoutMs})`;
          subscriber.error(new ReplyTimeoutError(this.#command, reason));
        }, timeoutMs);
        subscriber.add(() => clearTimeout(timer));
      }
      this.#send({ id, method, ...(body !== undefined && { params: body }) });
    });
  }

  notify(method: string, params?: unknown): void {
    this.#send({ method, ...(params !== undefined && { params }) });
  }

  onRequest(method: string, handle: RpcHandler): () => void {
    this.#handlers.set(method, handle);
    return () => {
      if (this.#handlers.get(method) === handle) this.#handlers.delete(method);
    };
  }

  [Symbol.dispose](): void {
    this.#subscriptions.unsubscribe();
    this.#failAll(new NotRunningError(this.#command, 'is no longer spoken with'));
  }

  #send(message: Omit<RpcMessage, 'jsonrpc'>): void {
    this.worker.send.next({ jsonrpc: '2.0', ...message });
  }

  #receive({ id, method, params, result, error }: RpcMessage): void {
    if (id === undefined || id === null) {
      if (method !== undefined) this.#notified(method, fieldsOf(params));
    } else if (method !== undefined) {
      void this.#answer(id, method, params);
    } else if (error) {
      this.#take(id)?.fail(new JsonRpcError(error.message, error.code, error.data));
    } else {
      this.#take(id)?.resolve(result);
    }
  }

  #notified(method: string, params: Fields): void {
    const { dialect } = this;
    if (method === dialect.cancel) {
      this.#answering.get(dialect.cancelledId(params) as RpcId)?.abort();
    } else if (method === dialect.progress) {
      const value = dialect.progressValue(params);
      this.#pending.get(dialect.token(params) as RpcId)?.onProgress?.(value);
    }
  }

  async #answer(id: RpcId, method: string, params: unknown): Promise<void> {
    const controller = new AbortController();
    this.#answering.set(id, controller);
    const response = await this.#responseTo(method, params, controller.signal);
    // After the end of its run the next one would take it for an answer of its own.
    if (this.#answering.get(id) !== controller) return;
    this.#answering.delete(id);
    this.#send({ id, ...response });
  }

  async #responseTo(
    method: string,
    params: unknown,
    signal: AbortSignal,
  ): Promise<Pick<RpcMessage, 'result' | 'error'>> {
    const handle = this.#handlers.get(method);
    if (!handle) {
      return { error: { code: METHOD_NOT_FOUND, message: `there is no method ${method}` } };
    }
    try {
      return { result: (await handle(params, signal)) ?? null };
    } catch (cause) {
      const isRpc = cause instanceof JsonRpcError;
      const code = isRpc ? cause.code : INTERNAL_ERROR;
      const data = isRpc && cause.data !== undefined ? { data: cause.data } : {};
      return { error: { code, message: messageOf(cause), ...data } };
    }
  }

  #follow(status: StatusLike): void {
    this.#running = status.state === 'running' ? status.generation : undefined;
    if (status.state === 'running') {
      for (const pending of this.#pending.values()) pending.generation ??= status.generation;
    } else if (status.state === 'starting') {
      // A run that restart() ended has no status of its own.
      const reason = 'was restarted before it answered';
      this.#runEnded(status.generation - 1, () => new NotRunningError(this.#command, reason));
    } else if (status.state !== 'stopping') {
      const exit = status.state === 'failed' ? status.exits.at(-1) : status.exit;
      if (exit) this.#command = exit.command;
      if (exit) this.#runEnded(exit.generation, () => new ExitError(exit));
    }
  }

  /** Fails the requests of that run; those that wait for the next one are rejected, or sent to it. */
  #runEnded(generation: number, toError: () => Error): void {
    for (const controller of this.#answering.values()) controller.abort();
    this.#answering.clear();
    for (const [id, pending] of [...this.#pending]) {
      if (pending.generation !== undefined && pending.generation <= generation) {
        this.#take(id)?.fail(toError());
      }
    }
  }

  #take(id: RpcId | null): Pending | undefined {
    const pending = id === null ? undefined : this.#pending.get(id);
    if (id !== null) this.#pending.delete(id);
    return pending;
  }

  #failAll(error: unknown): void {
    for (const id of [...this.#pending.keys()]) this.#take(id)?.fail(error);
  }
}
