import { spawn } from 'node:child_process';
import type { ProcessTree } from './ProcessTree.js';

/**
 * A process and its descendants on Windows, which has neither process groups nor SIGTERM: `taskkill /T /F` ends
 * all of them at the first signal. It finds descendants by their living parents, so that those of a process that
 * has exited cannot be found.
 *
 * @param run - starts taskkill; another function for tests.
 */
export function windowsTree(pid: number, run: typeof spawn = spawn): ProcessTree {
  const taskkill = `${process.env.SystemRoot ?? 'C:\\Windows'}\\System32\\taskkill.exe`;
  let gone = false;
  return {
    signal(signal) {
      if (gone || signal === 'SIGCONT') return;
      run(taskkill, ['/PID', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true }).once(
        'error',
        () => {
          // Without taskkill only the program itself can be ended, unless it has exited meanwhile.
          if (gone) return;
          try {
            process.kill(pid, signal);
          } catch {
            // It has exited, and the exit event has yet to come.
          }
        },
      );
    },
    alive: () => !gone,
    exited() {
      gone = true;
    },
  };
}
