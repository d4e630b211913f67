import { readFileSync } from 'node:fs';
import { opendir } from 'node:fs/promises';

/** A process, as Linux shows it in /proc/PID/stat; see proc(5). */
export interface Member {
  readonly pid: number;
  readonly group: number;
  /** Whether it has exited and waits to be reaped. */
  readonly isZombie: boolean;
}

/** How many processes are read in one turn of the event loop. */
const STEP = 16;

type Groups = ReadonlyMap<number, readonly Member[]>;

let last: Promise<unknown> = Promise.resolve();
let next: Promise<Groups> | undefined;

/**
 * Finds the members of all process groups. Scans run one after another, and all callers before the start of the
 * next share it. Without /proc there are no groups.
 */
export function scanGroups(): Promise<Groups> {
  if (next) return next;
  const scanning = last.then(() => {
    next = undefined;
    return scan();
  });
  last = next = scanning;
  return scanning;
}

async function scan(): Promise<Groups> {
  const groups = new Map<number, Member[]>();
  try {
    // It waits for the system once per `STEP` entries.
    for await (const { name } of await opendir('/proc', { bufferSize: STEP })) {
      const member = /^\d+$/.test(name) && readMember(Number(name));
      if (!member) continue;
      const members = groups.get(member.group);
      if (members) members.push(member);
      else groups.set(member.group, [member]);
    }
  } catch {
    // There is no /proc, or it cannot be read.
  }
  return groups;
}

/** Reads one process; `undefined` if there is none. */
export function readMember(pid: number): Member | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    // The name in parentheses may contain anything; the state is the field after the last parenthesis.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, , group] = fields;
    const threads = Number(fields[17]);
    // The state is that of the first thread, which may end before the others.
    const isZombie = (state === 'Z' || state === 'X') && !(threads > 1);
    return { pid, group: Number(group), isZombie };
  } catch {
    return undefined;
  }
}
