import { spawn } from 'node:child_process';
import type { ProcessTree } from './ProcessTree.js';

/**
 * A process and its descendants on Windows, which has neither groups nor SIGTERM: `taskkill /T /F`
 * ends them all, at the first signal. It finds them by their living parents, so that nothing is
 * known of descendants once the process itself has exited.
 *
 * @param run - what starts taskkill, for tests.
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
          // Without taskkill, the program itself is all that can be ended, unless it has just ended.
          if (gone) return;
          try {
            process.kill(pid, signal);
          } catch {
            // It has, and that is not known yet.
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
