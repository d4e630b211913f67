import { readdirSync, readFileSync } from 'node:fs';

/**
 * Whether only zombies are left of a process group: exited processes whose parent has not reaped them. Known on
 * Linux only, from /proc (proc(5)); elsewhere `false`.
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
    // The name in parentheses may contain anything; state, parent and group follow the last parenthesis.
    const [state, , pgrp] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state, pgrp: Number(pgrp) };
  } catch {
    return {};
  }
}
