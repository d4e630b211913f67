/** Who pushed a value, and wants to hear if it will not reach the program. */
export interface Sender {
  lost(error: Error): void;
}

/** Where values for a program wait; see `InputQueue`. */
export interface Input<In> {
  readonly isOpen: boolean;
  readonly isFull: boolean;
  readonly isRefusing: boolean;
  readonly isStdinClosed: boolean;
  push(value: In, sender?: Sender): number;
  offer(value: In, sender?: Sender): number | undefined;
  flushed(): Promise<void>;
  onMove(callback: () => void): () => void;
}
