import type { StopSignal } from './Program.js';

/** A process and its descendants, as far as the platform can name them together. */
export interface ProcessTree {
  signal(signal: StopSignal): void;
  /** Whether any of it is left. Once false it stays so. */
  alive(): boolean;
  /** The process itself was reaped: its id alone names nobody any more. */
  exited(): void;
}
