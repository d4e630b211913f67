import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const MIB = 1024 * 1024;

/** What this process holds, after a collection of its garbage. File descriptors and children: on Linux. */
export async function censusOf() {
  // What is closed or let go of may be released in a later turn, by a finalizer.
  for (let i = 0; i < 4; i++) {
    globalThis.gc();
    await sleep(50);
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return {
    rss: Math.round(rss / MIB),
    heap: Math.round((heapUsed / MIB) * 10) / 10,
    external: Math.round((external / MIB) * 10) / 10,
    handles: process.getActiveResourcesInfo().length,
    fds: fileDescriptors(),
    programs: children().length,
  };
}

function fileDescriptors() {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return 0;
  }
}

/** The programs that this process has started and that are not reaped. The guard against orphans is one of them. */
function children() {
  try {
    const { pid } = process;
    const ids = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return ids === '' ? [] : ids.split(' ');
  } catch {
    return [];
  }
}
