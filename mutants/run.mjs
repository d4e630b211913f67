// npm run mutate [part …]: changes the sources one place at a time, and expects a spec to fail.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parts } from './parts.mjs';

const SEEN = ['Killed', 'Timeout'];
const UNSEEN = ['Survived', 'NoCoverage'];
const folder = new URL('../mutation/', import.meta.url);
mkdirSync(folder, { recursive: true });

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !(name in parts));
if (unknown.length > 0) throw new Error(`there is no part ${unknown.join(', ')}`);
for (const name of chosen.length > 0 ? chosen : Object.keys(parts)) {
  const env = { ...process.env, MUTANTS: name };
  const { status } = spawnSync('npx', ['stryker', 'run', 'mutants/stryker.config.mjs'], {
    env,
    stdio: 'inherit',
  });
  if (status !== 0) process.exitCode = 1;
}
tell();

/** Writes what is known of all parts, and the changes that nothing saw. */
function tell() {
  const rows = [];
  const unseen = [];
  for (const name of Object.keys(parts)) {
    const report = new URL(`${name}.json`, folder);
    if (!existsSync(report)) continue;
    const { files } = JSON.parse(readFileSync(report, 'utf8'));
    const mutants = Object.entries(files).flatMap(([file, { source, mutants }]) =>
      mutants.map((mutant) => ({ file, source, ...mutant })),
    );
    rows.push([name, mutants]);
    unseen.push(...mutants.filter(({ status }) => UNSEEN.includes(status)));
  }
  for (const [name, mutants] of [...rows, ['all', rows.flatMap(([, mutants]) => mutants)]]) {
    const seen = mutants.filter(({ status }) => SEEN.includes(status)).length;
    const all = seen + mutants.filter(({ status }) => UNSEEN.includes(status)).length;
    const score = ((100 * seen) / all).toFixed(1);
    console.log(
      `${name.padEnd(12)} ${String(all).padStart(5)} changes  ${score.padStart(5)} % seen`,
    );
  }
  writeFileSync(new URL('unseen.txt', folder), unseen.map(show).join('\n'));
  console.log(`${unseen.length} were not seen: mutation/unseen.txt`);
}

function show({ file, source, location: { start, end }, replacement, status }) {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  const before =
    lines.length === 1 ? lines[0].slice(start.column - 1, end.column - 1) : `${lines[0].trim()} …`;
  return `${file}:${start.line}  ${status}\n  ${lines[0].trim()}\n    ${before}  ->  ${replacement}\n`;
}
