// npm run mutate [part …]: changes the sources one place at a time and expects a spec to fail.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { others, parts } from './parts.mjs';

// A spec file that fails to load counts, too.
const SEEN = ['Killed', 'Timeout', 'RuntimeError'];
const UNSEEN = ['Survived', 'NoCoverage'];
mkdirSync('mutation', { recursive: true });

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !(name in parts));
if (unknown.length > 0) throw new Error(`there is no part ${unknown.join(', ')}`);
const names = chosen.length > 0 ? chosen : Object.keys(parts);
for (const name of names) {
  const { sources, specs } = parts[name];
  change({ mutate: sources.map((source) => `src/${source}.ts`), specs, report: reportOf(name) });
}
tryOthers(names.filter((name) => existsSync(reportOf(name))));
report();

function change(what) {
  const env = { ...process.env, MUTANTS: JSON.stringify(what) };
  const { status } = spawnSync('npx', ['stryker', 'run', 'mutants/stryker.config.mjs'], {
    env,
    stdio: 'inherit',
  });
  if (status !== 0) process.exitCode = 1;
  return status === 0;
}

/** Runs all other specs on the changes that a part's own specs missed, and adds what they find to the reports. */
function tryOthers(names) {
  const places = names.flatMap((name) => mutantsOf(read(name)).filter(isUnseen).map(placeOf));
  const again = 'others';
  if (places.length === 0 || !change({ mutate: places, specs: others, report: reportOf(again) }))
    return;
  const now = new Map(mutantsOf(read(again)).map((mutant) => [keyOf(mutant), mutant.status]));
  for (const name of names) {
    const report = read(name);
    for (const [file, { mutants }] of Object.entries(report.files)) {
      for (const mutant of mutants.filter(isUnseen)) {
        mutant.status = now.get(keyOf({ file, ...mutant })) ?? mutant.status;
      }
    }
    writeFileSync(reportOf(name), JSON.stringify(report));
  }
}

function reportOf(name) {
  return `mutation/${name}.json`;
}

function read(name) {
  return JSON.parse(readFileSync(reportOf(name), 'utf8'));
}

function mutantsOf({ files }) {
  return Object.entries(files).flatMap(([file, { source, mutants }]) =>
    mutants.map((mutant) => ({ file, source, ...mutant })),
  );
}

function isUnseen({ status }) {
  return UNSEEN.includes(status);
}

function placeOf({ file, location: { start, end } }) {
  return `${file}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`;
}

function keyOf({ replacement, ...mutant }) {
  return `${placeOf(mutant)} ${replacement}`;
}

/** Prints the score of each part, and writes the changes that no spec noticed. */
function report() {
  const rows = [];
  const unseen = [];
  for (const name of Object.keys(parts)) {
    if (!existsSync(reportOf(name))) continue;
    const mutants = mutantsOf(read(name));
    rows.push([name, mutants]);
    unseen.push(...mutants.filter(isUnseen));
  }
  for (const [name, mutants] of [...rows, ['all', rows.flatMap(([, mutants]) => mutants)]]) {
    const seen = mutants.filter(({ status }) => SEEN.includes(status)).length;
    const all = seen + mutants.filter(isUnseen).length;
    const score = ((100 * seen) / all).toFixed(1);
    console.log(
      `${name.padEnd(12)} ${String(all).padStart(5)} changes  ${score.padStart(5)} % seen`,
    );
  }
  writeFileSync('mutation/unseen.txt', unseen.map(show).join('\n'));
  console.log(`${unseen.length} were not seen: mutation/unseen.txt`);
}

function show({ file, source, location: { start, end }, replacement, status }) {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  const before =
    lines.length === 1 ? lines[0].slice(start.column - 1, end.column - 1) : `${lines[0].trim()} …`;
  return `${file}:${start.line}  ${status}\n  ${lines[0].trim()}\n    ${before}  ->  ${replacement}\n`;
}
