import { spawn } from 'node:child_process';
import type { ProcessTree } from './ProcessTree.js';
import { endOrphans } from './windowsOrphans.js';

/**
 * A process and its descendants on Windows, which has neither process groups nor SIGTERM: `taskkill /T /F` ends
 * all of them at the first signal. It finds descendants by their living parents. After a program that has exited by
 * itself they are looked for only while one of them holds a pipe of the program open, since that is expensive.
 *
 * @param run - starts a program; another function for tests.
 */
export function windowsTree(pid: number, run: typeof spawn = spawn): ProcessTree {
  const startedAt = Date.now();
  let exitedAt: number | undefined;
  let isEnded = false;
  let isEndingOrphans = false;

  const kill = (): void => {
    const taskkill = `${process.env.SystemRoot ?? 'C:\\Windows'}\\System32\\taskkill.exe`;
    const args = ['/PID', String(pid), '/T', '/F'];
    const killAlone = (): void => {
      if (exitedAt !== undefined) return;
      isEnded = false;
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has exited, and the exit event has yet to come.
      }
    };
    isEnded = true;
    run(taskkill, args, { stdio: 'ignore', windowsHide: true })
      .once('error', killAlone)
      .once('exit', (code) => {
        // taskkill was refused, or could not end all of them: the program itself can be ended in any case.
        if (code !== 0) killAlone();
      });
  };

  return {
    signal(signal) {
      if (signal === 'SIGCONT') return;
      if (exitedAt === undefined) {
        kill();
      } else if (!isEnded && !isEndingOrphans) {
        isEndingOrphans = true;
        endOrphans(pid, { from: startedAt, to: exitedAt }, run, () => (isEnded = true));
      }
    },
    alive: (isHeld) => exitedAt === undefined || (isHeld && !isEnded),
    exited() {
      exitedAt = Date.now();
    },
  };
}
