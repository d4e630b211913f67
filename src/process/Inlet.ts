import { InputClosedError, messageOf, type CommandWords } from '../errors.js';
import { END_OF_FILE, type InputQueue } from './InputQueue.js';
import type { Program, ProgramInput } from './Program.js';

/**
 * The way into one run: takes batches from the queue, one write at a time, as fast as the program
 * reads them. Stdin is closed only between values.
 */
export class Inlet<In> {
  #urgent: ProgramInput[] = [];
  #writing = false;
  #reading = false;
  #ended = false;
  /** What is said to whoever sends to a program that no longer reads. */
  #refusal: (() => Error) | undefined;

  constructor(
    private readonly command: CommandWords,
    private readonly program: Program,
    private readonly queue: InputQueue<In>,
  ) {}

  /** Writes ahead of the queue, whether it is open or not. */
  writeFirst(data: Uint8Array | string): void {
    if (this.#ended) return;
    this.#urgent.push(typeof data === 'string' ? data : [data]);
    this.#pump();
  }

  /** Lets the queue flow. */
  open(): void {
    if (this.#reading || this.program.pid === undefined) return;
    if (this.#refusal) this.#refuse(this.#refusal);
    if (this.#ended) return;
    this.#reading = true;
    this.queue.open(() => this.#pump());
  }

  /** Closes stdin after what is queued by now. */
  end(): void {
    if (this.#reading) this.queue.endInput();
    else if (!this.#ended) this.#end();
  }

  /** The program is gone: what it did not take is rejected, what was never meant for it waits. */
  close(): void {
    if (this.#reading) {
      this.queue.close(() => new InputClosedError(this.command, 'ended before it was written'));
    }
    this.#reading = false;
    this.#ended = true;
    this.queue.runGone(this.#refusal);
  }

  #pump(): void {
    while (!this.#writing) {
      const entry = this.#urgent.shift() ?? (this.#reading ? this.queue.take() : undefined);
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
    if (this.#ended) return;
    if (error) {
      this.#ended = true;
      const what = `no longer reads its input (${messageOf(error)})`;
      this.#refusal = () => new InputClosedError(this.command, what);
      // Before it runs nothing is meant for it: what waits may yet be for the next.
      if (this.#reading) this.#refuse(this.#refusal);
    } else {
      if (this.#reading) this.queue.taken();
      this.#pump();
    }
  }

  #end(): void {
    this.#reading = false;
    this.#ended = true;
    this.queue.inputEnded();
    this.program.end();
  }

  #refuse(refusal: () => Error): void {
    this.#reading = false;
    this.queue.close(refusal);
    // A worker at rest refuses already, and for longer than this run.
    if (!this.queue.isRefusing) this.queue.refuse(refusal);
  }
}
