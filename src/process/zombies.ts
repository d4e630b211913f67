import { readdirSync, readFileSync } from 'node:fs';

/**
 * Whether all that is left of a process group are zombies, which wait for a parent that does not reap
 * them. Known on Linux alone, from /proc (proc(5)); elsewhere it is `false`.
 */
export function isAllZombies(group: number): boolean {
  try {
    const states = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(statOf)
      .flatMap(({ state, pgrp }) => (pgrp === group ? [state] : []));
    return states.length > 0 && states.every((state) => state === 'Z' || state === 'X');
  } catch {
    return false;
  }
}

function statOf(pid: string): { readonly state?: string | undefined; readonly pgrp?: number } {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold anything; state, parent and group follow its last parenthesis.
    const [state, , pgrp] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state, pgrp: Number(pgrp) };
  } catch {
    return {};
  }
}
