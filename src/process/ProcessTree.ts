import type { LadderSignal } from './Program.js';

/** A process and those of its descendants that the platform can address together. */
export interface ProcessTree {
  signal(signal: LadderSignal): void;
  /** Whether the system refused the last signal (EPERM). @defaultValue false */
  readonly isForbidden?: boolean;
  /**
   * Whether any process of the tree is left. Once `false`, always `false`.
   *
   * @param isHeld - whether any process holds a pipe of the program open: a sign of descendants where they
   * cannot be looked up.
   */
  alive(isHeld: boolean): boolean;
  /** Called once the process itself is reaped: from then on its id may belong to another process. */
  exited(): void;
}
