/** The origin of a pushed value, which is notified of what becomes of it. */
export interface Sender {
  /** The value is being handed to the operating system, with the batch that it is in. */
  taken?(): void;
  /** The value will not reach the program. */
  lost(error: Error): void;
}

/** Where values for a program wait; see `InputQueue`. */
export interface Input<In> {
  /** Whether what is pushed now is for the run that reads. */
  readonly isOpen: boolean;
  readonly isFull: boolean;
  /** Whether what is pushed now is rejected. */
  readonly isRefusing: boolean;
  /** Whether the program closed stdin but runs on. */
  readonly isStdinClosed: boolean;
  /** How many values were pushed so far. */
  readonly pushes: number;
  push(value: In, sender?: Sender): number;
  offer(value: In, sender?: Sender): number | undefined;
  flushed(): Promise<void>;
  onMove(callback: () => void): () => void;
}
