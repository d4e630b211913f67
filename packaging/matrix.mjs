// npm run matrix [-- --only node22,bun] [--specs]: the packed package on other runtimes, one after another.
// With `--specs` the specs run on each Node too, but for those that take minutes.
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pack, root } from './harness/pack.mjs';
import { Project } from './harness/Project.mjs';
import { tableOf } from './harness/Report.mjs';
import { run } from './harness/run.mjs';
import { RUNTIMES } from './harness/runtimes.mjs';

const LONG_SPECS = ['faults', 'model', 'soak', 'examples'];
const SPECS_SECONDS = 20 * 60;

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    specs: { type: 'boolean', default: false },
  },
});

const only = options.only.split(',').filter(Boolean);
const names = RUNTIMES.map(({ name }) => name);
const unknown = only.filter((name) => !names.includes(name));
if (unknown.length > 0) throw new Error(`there is no runtime ${unknown}: ${names}`);
const chosen = RUNTIMES.filter(({ name }) => only.length === 0 || only.includes(name));

const tools = new Project();
const columns = [];
try {
  const { tarball } = pack(tools.folder);
  for (const runtime of chosen) columns.push(tryOn(runtime, tarball));
} finally {
  tools.remove();
}
printTable();

/** Tries the package on a runtime, which is installed for it and removed again. */
function tryOn(runtime, tarball) {
  const project = new Project();
  try {
    project.install(tarball, 'rxjs@7', `runtime@npm:${runtime.package}`);
    project.copy('smoke.mjs');
    const executable = project.path('node_modules', 'runtime', runtime.executable);
    chmodSync(executable, 0o755);
    const heading = `${runtime.name} ${versionOf(project.run(executable, '--version'))}`;
    console.log(heading);
    const cells = smoke(runtime, project, executable);
    if (options.specs) cells.set('the specs', runtime.isNode ? specs(project, executable) : '');
    return { heading, cells };
  } catch (error) {
    console.log(error.message);
    return { heading: runtime.name, cells: new Map([['install', 'FAILED']]) };
  } finally {
    project.remove();
  }
}

/** What came of each check. */
function smoke({ args, known }, project, executable) {
  const cells = new Map();
  for (const line of outputOf(() => project.run(executable, ...args, 'smoke.mjs'))) {
    const { name, failure } = JSON.parse(line);
    const isKnown = known.includes(name);
    cells.set(name, failure ? (isKnown ? 'known' : 'FAILED') : 'ok');
    if (failure) console.log(`  ${isKnown ? 'known' : 'FAILED'}: ${name}\n    ${failure}`);
  }
  if (!cells.has('ends by itself')) cells.set('ends by itself', 'FAILED');
  return cells;
}

/** The lines of JSON, of a failure too. */
function outputOf(work) {
  let output;
  try {
    output = work();
  } catch (error) {
    output = error.message;
  }
  return output.match(/\{"name":.*\}$/gm) ?? [];
}

/** Runs the specs of this repository, and counts them. */
function specs(project, executable) {
  const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
  const results = project.path('specs.json');
  const args = ['--silent', '--json', '--outputFile', results];
  const command = [executable, jest, ...args, '--testPathIgnorePatterns', ...LONG_SPECS];
  try {
    run(command, { cwd: root, seconds: SPECS_SECONDS });
    return `${JSON.parse(readFileSync(results, 'utf8')).numPassedTests} pass`;
  } catch (error) {
    console.log(error.message);
    return 'FAILED';
  }
}

function printTable() {
  const checks = new Set(columns.flatMap(({ cells }) => [...cells.keys()]));
  const rows = [...checks].map((check) => [
    check,
    ...columns.map(({ cells }) => cells.get(check) ?? 'FAILED'),
  ]);
  console.log(`\n${tableOf(['', ...columns.map(({ heading }) => heading)], rows)}`);
  if (rows.flat().includes('FAILED')) process.exitCode = 1;
}

function versionOf(text) {
  return text.match(/\d+\.\d+\.\d+/)?.[0] ?? text.trim();
}
