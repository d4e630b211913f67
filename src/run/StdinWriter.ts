import { InputClosedError, messageOf, type CommandWords } from '../contract/errors.js';
import { END_OF_FILE, type InputQueue } from './InputQueue.js';
import type { Program, ProgramInput } from '../process/Program.js';

/**
 * Writes to the stdin of one run: takes batches from the queue, one write at a time, as fast as the program
 * reads them. Stdin is closed only between values.
 */
export class StdinWriter<In> {
  /** `lost`: the program has closed its stdin by itself. */
  #state: 'held' | 'reading' | 'lost' | 'ended' = 'held';
  #urgent: ProgramInput[] = [];
  #writing = false;
  /** A write that failed. */
  #failure: (() => Error) | undefined;

  constructor(
    private readonly command: CommandWords,
    private readonly program: Program,
    private readonly queue: InputQueue<In>,
  ) {}

  /** Writes ahead of the queue, whether it is open or not. */
  writeFirst(data: Uint8Array | string): void {
    if (this.#failure || this.#state === 'ended') return;
    this.#urgent.push(typeof data === 'string' ? data : [data]);
    this.#pump();
  }

  /** Lets the queue flow. */
  open(): void {
    if (this.#state !== 'held' || this.program.pid === undefined) return;
    if (this.#failure) {
      // The values that waited were meant for this run after all.
      this.#lose(this.#failure);
    } else {
      this.#state = 'reading';
      this.queue.open(() => this.#pump());
    }
  }

  /** Closes stdin after what is queued by now. */
  end(): void {
    if (this.#state === 'held') this.#end();
    else if (this.#state !== 'ended') this.queue.endInput();
  }

  /** The program is gone: values meant for it are rejected, those that came before it was ready wait for the next. */
  close(): void {
    if (this.#state === 'reading') this.queue.close(this.#because('ended before it was written'));
    this.#state = 'ended';
    this.queue.runGone();
  }

  #pump(): void {
    while (!this.#writing) {
      const entry =
        this.#urgent.shift() ?? (this.#state === 'reading' ? this.queue.take() : undefined);
      if (entry === undefined) return;
      if (entry === END_OF_FILE) {
        this.#end();
        return;
      }
      this.#writing = true;
      this.program.write(entry, (error) => {
        this.#writing = false;
        this.#written(error);
      });
    }
  }

  #written(error: Error | null | undefined): void {
    if (this.#state === 'ended') return;
    if (error) {
      this.#failure = this.#because(`no longer reads its input (${messageOf(error)})`);
      // Not reading yet: queued values may belong to the next run.
      if (this.#state === 'reading') this.#lose(this.#failure);
    } else {
      if (this.#state === 'reading') this.queue.taken();
      this.#pump();
    }
  }

  #end(): void {
    this.#state = 'ended';
    this.queue.inputEnded();
    this.program.end();
  }

  #lose(failure: () => Error): void {
    this.#state = 'lost';
    this.queue.fail(failure);
  }

  #because(reason: string): () => Error {
    return () => new InputClosedError(this.command, reason);
  }
}
