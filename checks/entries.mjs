import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The folder of the package. */
export const root = fileURLToPath(new URL('../', import.meta.url));

/** The entries of the package: `index` for `simple-ipc`, `testing` for `simple-ipc/testing`. */
export const entries = Object.keys(JSON.parse(readFileSync(`${root}package.json`, 'utf8')).exports)
  .filter((path) => !path.endsWith('.json'))
  .map((path) => (path === '.' ? 'index' : path.slice(2)));

/** What an entry is imported by. */
export const moduleOf = (entry) => (entry === 'index' ? 'simple-ipc' : `simple-ipc/${entry}`);
