import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { noop } from 'rxjs';
import { guard } from './guard.js';
import { posixTree } from './posixTree.js';
import type { ProcessTree } from './ProcessTree.js';
import { NOT_STARTED, type Launch, type LaunchPlan } from './Program.js';
import { windowsCommand } from './windowsCommand.js';
import { windowsTree } from './windowsTree.js';

const isWindows = process.platform === 'win32';

/**
 * More than a pipe can hold. Pipes are first in, first out: once this much has been read after the program's
 * exit, all output of the program itself has been read.
 */
const PIPE_CAPACITY = 1024 * 1024;

/** Starts a real program. */
export const launch: Launch = (plan, events) => {
  // Not in this turn of the event loop: a `retry()` without a delay would never leave it.
  const refuse = (error: unknown): void => {
    setImmediate(() => events.refused(error));
  };
  let child: ChildProcess;
  try {
    child = spawnChild(plan);
  } catch (error) {
    refuse(error);
    return NOT_STARTED;
  }
  const { pid, stdin, stdout, stderr } = child;
  const tree = pid === undefined ? undefined : treeOf(pid, plan);
  const pipes = [stdout, stderr].flatMap((pipe) => (pipe ? [pipe] : []));

  child.on('error', (error) => {
    // Not an error of kill().
    if (pid === undefined) refuse(error);
  });
  child.once('spawn', () => events.spawned());
  child.once('exit', (code, signal) => {
    tree?.exited();
    if (pid !== undefined) events.exited(code, signal);
  });
  // EPIPE and the like reach the callback of the write that failed.
  stdin?.on('error', () => undefined);
  let bytesRead = 0;
  const read = (pipe: Readable | null, take: (chunk: Uint8Array) => void): void => {
    pipe?.on('data', (chunk: Uint8Array) => {
      bytesRead += chunk.length;
      take(chunk);
    });
  };
  read(stdout, events.stdout);
  read(stderr, events.stderr);
  let open = pipes.length;
  for (const pipe of pipes) {
    pipe.on('error', () => undefined);
    pipe.once('close', () => {
      if (--open === 0) events.closed();
    });
  }

  return {
    pid,
    write(data, done) {
      if (!stdin) done(new Error('the program has no stdin'));
      else if (typeof data === 'string') stdin.write(data, done);
      else writeAll(stdin, data, done);
    },
    end() {
      stdin?.end();
    },
    pause() {
      stdout?.pause();
    },
    resume() {
      stdout?.resume();
    },
    signal(signal) {
      tree?.signal(signal);
    },
    get isForbidden() {
      return tree?.isForbidden ?? false;
    },
    alive: () => tree?.alive(open > 0) ?? false,
    close() {
      const limit = bytesRead + PIPE_CAPACITY;
      const readOn = (before: number): void => {
        // After a turn of the event loop without data the pipes are empty.
        if (bytesRead > before && bytesRead < limit) setImmediate(readOn, bytesRead);
        else for (const pipe of pipes) pipe.destroy();
      };
      setImmediate(readOn, bytesRead);
    },
    release() {
      stdin?.destroy();
    },
  };
};

function treeOf(pid: number, { ownGroup, orphanGuard }: LaunchPlan): ProcessTree {
  if (isWindows) return windowsTree(pid);
  return posixTree(pid, ownGroup, orphanGuard ? guard : undefined);
}

function spawnChild(plan: LaunchPlan): ChildProcess {
  const { file, args, ...how } = isWindows ? windowsCommand(plan) : posixCommand(plan);
  const options: SpawnOptions = {
    ...how,
    cwd: plan.cwd,
    env: plan.env,
    uid: plan.uid,
    gid: plan.gid,
    detached: plan.ownGroup && !isWindows,
    windowsHide: true,
    stdio: [plan.input ? 'pipe' : 'ignore', 'pipe', plan.stderr],
  };
  return spawn(file, args, options);
}

function posixCommand({ command: [file = '', ...args], argv0 }: LaunchPlan) {
  return { file, args, argv0 };
}

/** Writes the chunks by one writev(2), without copying them into one. */
function writeAll(
  stdin: Writable,
  chunks: readonly Uint8Array[],
  done: (error?: Error | null) => void,
): void {
  stdin.cork();
  chunks.forEach((chunk, index) => stdin.write(chunk, index === chunks.length - 1 ? done : noop));
  stdin.uncork();
}
