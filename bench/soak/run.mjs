// npm run soak -- [--hours 2] [--laps 12]
import { parseArgs } from 'node:util';
import { censusOf } from './censusOf.mjs';
import { parts } from './parts.mjs';

/** The load before the first census: modules, JIT code and pools of buffers are there by then. */
const WARM_UP_MS = 60_000;
/** What the memory may have grown by, in MiB: the heap has no leak, the rest is the allocator's. */
const MOST_GROWTH = { heap: 4, rss: 64 };

const { values: options } = parseArgs({
  options: { hours: { type: 'string', default: '2' }, laps: { type: 'string', default: '12' } },
});
const hours = Number(options.hours);
const laps = Number(options.laps);
if (!(hours > 0) || !(laps >= 1))
  throw new RangeError('--hours and --laps must be positive numbers');
const lapMs = (hours * 3_600_000) / laps;

const counts = {
  all: new Map(),
  add(name, n = 1) {
    this.all.set(name, (this.all.get(name) ?? 0) + n);
  },
};
process.on('warning', ({ name }) => counts.add(`warning: ${name}`));
const COLUMNS = ['minutes', 'rss', 'heap', 'external', 'handles', 'fds', 'programs'];

console.log(
  `${hours} h of load in ${laps} laps, after one to warm up; at rest after each; memory in MiB`,
);
console.log(COLUMNS.map((name) => name.padStart(9)).join(''));
await lap(Math.min(WARM_UP_MS, lapMs));
const beganAt = performance.now();
const first = await row();
let last = first;
for (let i = 0; i < laps; i++) {
  await lap(lapMs);
  last = await row();
}
for (const [name, n] of [...counts.all].sort()) console.log(`${name.padEnd(32)} ${n}`);

const faults = [];
for (const name of ['handles', 'fds', 'programs']) {
  if (last[name] > first[name]) faults.push(`${name}: ${first[name]} before, ${last[name]} after`);
}
for (const [name, most] of Object.entries(MOST_GROWTH)) {
  const grown = last[name] - first[name];
  if (grown > most) faults.push(`${name} grew by ${grown.toFixed(1)} MiB`);
}
if (counts.all.has('WRONG')) faults.push('there were wrong replies');
console.log(faults.length === 0 ? 'nothing is left behind' : `LEFT BEHIND: ${faults.join('; ')}`);
process.exitCode = faults.length === 0 ? 0 : 1;

/** All parts of the load for so long, until everything is at rest. */
async function lap(ms) {
  const end = performance.now() + ms;
  const isOver = () => performance.now() >= end;
  await Promise.all(Object.values(parts).map((part) => part(counts, isOver)));
}

async function row() {
  const census = await censusOf();
  const minutes = Math.round((performance.now() - beganAt) / 6_000) / 10;
  console.log(COLUMNS.map((name) => String({ minutes, ...census }[name]).padStart(9)).join(''));
  return census;
}
