// npm run bench -- [--only B1,B4] [--quick] [--dist folder]
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { chart } from './harness/chart.mjs';
import { compare } from './harness/compare.mjs';
import { install } from './harness/install.mjs';
import { canPin } from './harness/measure.mjs';
import { isQuiet, load, untilQuiet } from './harness/quiet.mjs';
import { Table } from './harness/Table.mjs';

/** With `--quick`, a figure this many times its goal is a failure, unless it has a limit of its own. */
const GROSS = 2;
const OURS = 'simple-ipc';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    quick: { type: 'boolean', default: false },
    dist: { type: 'string' },
  },
});
if (options.dist) process.env.SIMPLE_IPC_DIST = options.dist;

const size = options.quick ? 'quick' : 'full';
const table = new Table();
const results = [];

install();
table.note(`load average ${load().toFixed(1)}, ${availableParallelism()} cores`);
table.heading();
for (const benchmark of await chosen()) {
  table.title(benchmark);
  if (benchmark.pinned && !canPin) table.note('skipped: there is no taskset to tie it to one core');
  else if (benchmark.missing?.()) table.note(benchmark.missing());
  else if (benchmark.figure)
    show(benchmark, OURS, { figures: [{ median: await benchmark.figure() }] });
  else await run(benchmark);
}
if (!options.quick && !options.only) write();
console.log(`\n${Math.round(performance.now() / 1000)} seconds`);
process.exitCode = results.some(({ isFatal }) => isFatal) ? 1 : 0;

/** The benchmarks that were asked for, in order. */
async function chosen() {
  const files = readdirSync(new URL('benchmarks/', import.meta.url));
  const all = await Promise.all(
    files.map(async (file) => ({ ...(await import(`./benchmarks/${file}`)).default, file })),
  );
  const only = options.only.toLowerCase().split(',').filter(Boolean);
  const isNamed = (id) => all.some((benchmark) => benchmark.id.toLowerCase() === id);
  const unknown = only.filter((id) => !isNamed(id));
  if (unknown.length > 0) throw new Error(`there is no benchmark ${unknown.join(', ')}`);
  return all
    .filter(({ id }) => only.length === 0 || only.includes(id.toLowerCase()))
    .toSorted((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }));
}

async function run(benchmark) {
  const pairs = options.quick ? 3 : 5;
  await runSide(benchmark, 'simpleIpc', OURS, { size, pairs, budgetSeconds: Infinity });
  if (options.quick) return;
  for (const [side, title] of Object.entries(benchmark.peers ?? {})) {
    const peerSize = benchmark.peerSize ?? size;
    await runSide(benchmark, side, title, { size: peerSize, pairs: 3, budgetSeconds: 2 });
  }
}

async function runSide(benchmark, side, title, how) {
  const progress = (pair) => table.progress(`${title} ${pair}/${how.pairs}`);
  table.progress('waiting for the machine to be quiet');
  const wasQuiet = await (options.quick ? isQuiet() : untilQuiet());
  const measured = await compare(benchmark, side, { ...how, progress });
  const quiet = wasQuiet && (await isQuiet());
  show(benchmark, title, { ...measured, load: load(), isUnderLoad: !quiet });
}

/** Prints and keeps the figures of one side. */
function show({ id, work, figures }, side, { figures: measured, isControl, cpu, ...rest }) {
  const { failure } = rest;
  figures.forEach(({ goal, gross = goal * GROSS, ...figure }, index) => {
    const isOurs = side === OURS;
    const result = { id, work, side, ...figure, ...rest, ...measured?.[index] };
    if (isOurs) result.goal = goal;
    const isGross = options.quick && result.median > gross;
    // A peer that fails is a finding; the library and the control must not.
    results.push({
      ...result,
      cpu,
      isFatal: (failure && (isOurs || isControl)) || (isOurs && isGross),
    });
    if (failure && index > 0) return;
    const isFirst = index === 0;
    table.row({
      ...result,
      cpu: isFirst ? cpu : undefined,
      load: isFirst ? rest.load : undefined,
      note: noteOf(result, isGross),
    });
  });
}

function noteOf({ goal, median, pairs, isUnderLoad }, isGross) {
  const notes = [];
  if (goal === undefined) notes.push(pairs === 1 ? 'measured once' : '');
  else if (median <= goal) notes.push('met');
  else notes.push(isGross ? 'missed by far' : 'missed');
  if (isUnderLoad) notes.push('UNDER LOAD');
  return notes.filter(Boolean).join(', ');
}

function write() {
  const { dependencies } = JSON.parse(readFileSync(new URL('package.json', import.meta.url)));
  const made = {
    node: process.version,
    platform: `${process.platform} ${process.arch}, ${availableParallelism()} cores`,
    versions: dependencies,
    results: results.map(({ isFatal, isSize, ...result }) => result),
  };
  writeFileSync(new URL('results.json', import.meta.url), `${JSON.stringify(made, null, 2)}\n`);
  writeFileSync(new URL('chart.svg', import.meta.url), chart(results));
}
