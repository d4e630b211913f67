import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { runInThisContext } from 'node:vm';

/** A live process that these specs have brought into the world. */
export interface StartedProcess {
  readonly pid: number;
  readonly command: string;
}

/** The guard lives as long as its host: it is expected to stay. */
const GUARD = 'simple-ipc guard';

const MARKER_NAME = 'SIMPLE_IPC_SPEC_HOST';

/**
 * Marks the environment of this jest worker, which distinguishes its descendants from strangers even
 * after they have lost their parent.
 *
 * `process` in a spec is a copy that jest makes; the programs inherit from the original.
 *
 * @returns the `NAME=value` that descendants carry
 */
function markEnvironment(): string {
  const hostProcess = runInThisContext('process') as NodeJS.Process;
  const value = (hostProcess.env[MARKER_NAME] = `${String(process.pid)}-${randomUUID()}`);
  process.env[MARKER_NAME] = value;
  return `${MARKER_NAME}=${value}`;
}

const marker = markEnvironment();

/** Processes older than the first test, and still alive: they are not started from here, and need not be read. */
const strangers = new Set<number>();
const parentsAtFirst = readParents();
for (const pid of parentsAtFirst.keys()) if (!isOurs(pid, parentsAtFirst)) strangers.add(pid);

/**
 * Lists the live processes started from here: direct and indirect children, and those among them that
 * were re-parented, as long as they have kept their environment. Zombies and the guard do not count.
 *
 * It reads `/proc`; where there is none the list is empty, and only the resources of the host
 * (`ProcessWrap`) show children.
 */
export function startedProcesses(): StartedProcess[] {
  const parents = readParents();
  const started: StartedProcess[] = [];
  for (const pid of parents.keys()) {
    if (!isOurs(pid, parents)) continue;
    const command = read(pid, 'cmdline').replaceAll('\0', ' ').trim();
    // The command line of a process that has just ended is empty.
    if (command !== '' && !command.includes(GUARD)) started.push({ pid, command });
  }
  return started;
}

/** Live processes and their parents; a zombie has only to be reaped, and has no children. */
function readParents(): Map<number, number> {
  const parents = new Map<number, number>();
  if (!existsSync('/proc/self/stat')) return parents;
  const pids = new Set(readdirSync('/proc').map(Number).filter(Number.isInteger));
  for (const pid of strangers) if (!pids.has(pid)) strangers.delete(pid);
  for (const pid of pids) {
    if (strangers.has(pid)) continue;
    // "pid (name) state ppid …", where the name may hold blanks and parentheses.
    const stat = read(pid, 'stat');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (parent !== undefined && state !== 'Z' && state !== 'X') parents.set(pid, Number(parent));
  }
  return parents;
}

function isOurs(pid: number, parents: ReadonlyMap<number, number>): boolean {
  return pid !== process.pid && (descendsFromHost(pid, parents) || isMarked(pid));
}

function descendsFromHost(pid: number, parents: ReadonlyMap<number, number>): boolean {
  let ancestor = parents.get(pid);
  while (ancestor !== undefined && ancestor !== process.pid) ancestor = parents.get(ancestor);
  return ancestor === process.pid;
}

function isMarked(pid: number): boolean {
  return read(pid, 'environ').split('\0').includes(marker);
}

/** Reads a file of `/proc`; of a process that is gone, or is not ours, there is nothing to read. */
function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${String(pid)}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
