import type { StopSignal } from './Program.js';

/** A process and its descendants, as far as the platform can name them together. */
export interface ProcessTree {
  signal(signal: StopSignal): void;
  /** Whether any of it is left, zombies included. Once false it stays so. */
  alive(): boolean;
}

/**
 * A POSIX process group, named by its leader, or (`ownGroup: false`) a process alone. An id that was
 * found empty is never signalled again: the system may have given it to a stranger.
 */
export function posixTree(pid: number, ownGroup: boolean): ProcessTree {
  const target = ownGroup ? -pid : pid;
  let gone = false;
  const kill = (signal: StopSignal | 0): void => {
    if (gone) return;
    try {
      process.kill(target, signal);
    } catch (error) {
      // EPERM: it is there, but not ours to signal (a set-uid program).
      gone = (error as NodeJS.ErrnoException).code === 'ESRCH';
    }
  };
  return {
    signal: kill,
    alive() {
      kill(0);
      return !gone;
    },
  };
}
