import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { index } from '../harness/library.mjs';

const manifest = new URL('../../package.json', import.meta.url);
const entries = Object.keys(JSON.parse(readFileSync(manifest, 'utf8')).exports)
  .filter((path) => !path.endsWith('.json'))
  .map((path) => (path === '.' ? 'index' : path.slice(2)));

/** How long a new Node takes to import something, in milliseconds: the least of several. */
function importOf(module, times) {
  const script = `
    const startedAt = performance.now();
    await import(${JSON.stringify(module)});
    console.log(performance.now() - startedAt);
    process.exit();`;
  const args = ['--input-type=module', '-e', script];
  const options = { cwd: fileURLToPath(new URL('.', index)), encoding: 'utf8' };
  const all = Array.from({ length: times }, () =>
    Number(execFileSync(process.execPath, args, options)),
  );
  return Math.min(...all);
}

export default {
  id: 'B16',
  work: 'import of each entry, relative to rxjs alone',
  size: { full: { times: 8 }, quick: { times: 3 } },
  figures: entries.map((entry) => ({
    key: entry,
    name: entry === 'index' ? 'simple-ipc' : `/${entry}`,
    goal: 1.5,
    gross: Infinity,
  })),

  control(_, { times }) {
    const rxjs = importOf('rxjs', times);
    return Object.fromEntries(entries.map((entry) => [entry, rxjs]));
  },

  ours(_, { times }) {
    return Object.fromEntries(
      entries.map((entry) => [entry, importOf(new URL(`${entry}.js`, index).href, times)]),
    );
  },
};
