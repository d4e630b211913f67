import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { builtEntry, isAlive, use } from '../support/programs.js';

/** An application that uses simple-ipc, in a process of its own. */
export interface Host {
  readonly pid: number;
  /** The lines that it has printed so far. */
  readonly lines: readonly string[];
  /** Settles with the first line that begins so, without its beginning. */
  said(beginning: string): Promise<string>;
  /** Writes a line to its stdin. */
  tell(line: string): void;
  /** Sends it a signal. */
  kill(signal: NodeJS.Signals): void;
  /** Settles with its exit code or signal, as soon as it is dead. */
  readonly death: Promise<number | NodeJS.Signals | null>;
  /** Settles with its exit code or signal, and what it wrote to stderr. */
  readonly end: Promise<{ readonly by: number | NodeJS.Signals | null; readonly stderr: string }>;
}

/** The beginning of every host's script. */
const PREAMBLE = `
  import { once } from 'node:events';
  import * as ipc from '${builtEntry('index')}';
  const say = (what, data) => console.log(what, typeof data === 'string' ? data : JSON.stringify(data));
  const told = () => once(process.stdin.resume(), 'data').finally(() => process.stdin.pause());
  const until = (worker, state, generation = 1) => new Promise((resolve) => {
    worker.status$.subscribe((status) => {
      if (status.state === state && (status.generation ?? generation) >= generation) resolve(status);
    });
  });
  const firstLine = (worker) => new Promise((resolve) => worker.output$.subscribe(resolve));
  const turn = () => new Promise((resolve) => setImmediate(resolve));
`;

/**
 * Starts a host.
 *
 * @param script - its code, with all of simple-ipc as `ipc`.
 * @param limits - shell text to run before, in the same process: `ulimit -n 64`.
 */
export function startHost(script: string, limits = ':'): Host {
  const node = ['--input-type=module', '--eval', PREAMBLE + script];
  const child = spawn('sh', ['-c', `${limits}; exec "$0" "$@"`, process.execPath, ...node], {
    stdio: 'pipe',
  });
  const death = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('exit', (code, signal) => {
      resolve(signal ?? code);
    });
  });
  const lines: string[] = [];
  const reader = createInterface(child.stdout).on('line', (line) => lines.push(line));
  const read = once(reader, 'close');
  const stderr = text(child.stderr);
  const end = Promise.all([death, stderr]).then(([by, said]) => ({ by, stderr: said }));
  use({
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await end;
    },
  });
  return {
    pid: child.pid ?? -1,
    lines,
    death,
    end,
    async said(beginning) {
      const line = await new Promise<string | undefined>((resolve) => {
        const look = () => {
          const found = lines.find((each) => each.startsWith(beginning));
          if (found !== undefined) resolve(found);
        };
        look();
        reader.on('line', look);
        void read.then(() => resolve(undefined));
      });
      if (line === undefined) throw new Error(`the host has ended: ${(await end).stderr}`);
      return line.slice(beginning.length).trim();
    },
    tell(line) {
      child.stdin.write(`${line}\n`);
    },
    kill: (signal) => child.kill(signal),
  };
}

/** The living guards of a host, on Linux. */
export function guardsOf(host: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => parentOf(pid) === host && isAlive(pid) && isGuard(pid));
}

const isGuard = (pid: number) => read(pid, 'cmdline').includes('simple-ipc guard');

const parentOf = (pid: number) => Number(read(pid, 'stat').replace(/.*\) \w (\d+) .*/s, '$1'));

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
