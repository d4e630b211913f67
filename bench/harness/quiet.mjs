import { cpus, loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

/** Above this share of all processor time, the rest of the machine makes a median useless. */
const MAX_BUSY = 0.1;
const SAMPLE_MS = 400;
let patienceMs = 60_000;

/** The load average of the last minute. */
export const load = () => loadavg()[0];

/** Whether the machine is at rest while this process is. */
export async function isQuiet() {
  const before = times();
  await delay(SAMPLE_MS);
  const after = times();
  return (after.busy - before.busy) / (after.all - before.all) <= MAX_BUSY;
}

/** Waits until the machine is at rest, a minute at most in all. @returns whether it is. */
export async function untilQuiet() {
  const startedAt = performance.now();
  for (;;) {
    if (await isQuiet()) return true;
    const waited = performance.now() - startedAt;
    if (waited < patienceMs) continue;
    patienceMs = 0;
    return false;
  }
}

function times() {
  let busy = 0;
  let all = 0;
  for (const { times } of cpus()) {
    const { user, nice, sys, idle, irq } = times;
    busy += user + nice + sys + irq;
    all += user + nice + sys + irq + idle;
  }
  return { busy, all };
}
