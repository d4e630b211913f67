/// <reference types="node" preserve="true" />
import { parseCommand, type Command } from './contract/command.js';
import { quote, SpawnError } from './contract/errors.js';
import { lines } from './framing/lines.js';
import { boolean, callable } from './contract/check.js';
import { checkArguments, checkOptions, type Checks } from './contract/options.js';
import type { Exit } from './contract/exit.js';
import type { WorkerStatus } from './contract/status.js';
import { createWorker } from './worker/createWorker.js';
import { type ReactiveWorker } from './contract/ReactiveWorker.js';

/** Options of {@link Worker}. */
export interface WorkerOptions {
  /** Whether the program starts when the worker is created. @defaultValue true */
  readonly start?: boolean;
  /** Whether starts, stops and mistakes are written to the console. @defaultValue true */
  readonly verbose?: boolean;
}

const WORKER_CHECKS = { start: boolean, verbose: boolean } satisfies Checks<WorkerOptions>;

/** Gets each line that the program writes, trimmed; empty ones are skipped. */
export type LineCallback = (line: string) => void;

/**
 * The interface of the Python package that this library descends from: a program, a callback, and
 * `send`. It holds no logic of its own: `createWorker` does the work.
 *
 * Nothing arrives while JavaScript code is busy: a loop that waits for `data` needs an `await`.
 *
 * @example
 * ```ts
 * const worker = new Worker('bc', (line) => console.log(line)); // 42
 * worker.send('6 * 7');
 * await worker.shutdown();
 * ```
 */
export class Worker implements Disposable, AsyncDisposable {
  readonly #worker: ReactiveWorker<string, string>;
  readonly #command: string;
  readonly #callback: LineCallback | undefined;
  readonly #verbose: boolean;
  #data: string | null = null;

  /**
   * @param command - the program and its arguments, as a string split at white space, or as a list.
   * @param callback - gets each line; one that throws is reported and stops nothing.
   * @param options - see {@link WorkerOptions}.
   * @throws TypeError that names the wrong argument. A program that cannot be started is no error
   * here: it is reported on the console, and `running` is false.
   */
  constructor(command: Command, callback?: LineCallback, options: WorkerOptions = {}) {
    checkArguments('Worker', arguments, 3);
    if (callback !== undefined) callable('callback', callback);
    checkOptions('Worker', options, WORKER_CHECKS);
    const { start = true, verbose = true } = options;
    this.#command = quote(parseCommand(command));
    this.#callback = callback;
    this.#verbose = verbose;
    this.#worker = createWorker<string, string>(command, {
      start: false,
      codec: lines({ lineBreaks: 'allow' }),
    });
    this.#worker.output$.subscribe((line) => this.#receive(line.trim()));
    this.#worker.status$.subscribe((status) => this.#follow(status));
    if (start) this.run();
  }

  /** Whether the program runs: from its start until it has ended. */
  get running(): boolean {
    return !['stopped', 'exited', 'failed'].includes(this.#worker.status$.value.state);
  }

  /** The newest line; `null` before the first and after the end. */
  get data(): string | null {
    return this.#data;
  }

  /** Starts the program, unless it is running. */
  run(): void {
    this.#worker.start();
  }

  /** The same as {@link run}. */
  start(): void {
    this.run();
  }

  /** Sends `String(data)` and a line break. */
  send(data: unknown): void {
    if (this.running) this.#worker.send.next(String(data));
    else this.#report('Worker not running!');
  }

  /** Ends the program: end-of-file, SIGTERM, SIGKILL. Settles when nothing is left running. */
  shutdown(): Promise<void> {
    return this.#worker.stop();
  }

  /** The same as {@link shutdown}. */
  stop(): Promise<void> {
    return this.shutdown();
  }

  /** Shuts the worker down for good, without waiting. */
  [Symbol.dispose](): void {
    void this[Symbol.asyncDispose]();
  }

  /** Shuts the worker down for good. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#worker[Symbol.asyncDispose]();
  }

  #receive(line: string): void {
    if (line === '') return;
    this.#data = line;
    try {
      this.#callback?.(line);
    } catch (error) {
      this.#report('The callback threw:', error);
    }
  }

  #follow(status: WorkerStatus): void {
    if (status.state === 'starting' && status.pid !== undefined) this.#log('Started worker');
    const exit = status.state === 'exited' || status.state === 'stopped' ? status.exit : undefined;
    if (exit || status.state === 'failed') this.#data = null;
    if (exit && exit.reason !== 'spawn-error') this.#log(`Stopped worker [${endOf(exit)}]`);
    if (status.state === 'failed' && status.error instanceof SpawnError) {
      this.#report(`Error opening ${this.#command}: ${status.error.reason}`);
    }
  }

  #log(message: string): void {
    if (this.#verbose) console.log(message);
  }

  #report(...message: unknown[]): void {
    if (this.#verbose) console.error(...message);
  }
}

function endOf({ code, signal }: Exit): string {
  return signal ? `signal: ${signal}` : `exit code: ${String(code)}`;
}
