// npm run sizes [-- --update]
// What an application ships: each entry bundled, minified and gzipped, without the packages it depends on.
import { readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { tableOf } from '../packaging/harness/Report.mjs';
import { entries, moduleOf, root } from './entries.mjs';

const file = `${root}checks/sizes.json`;
const isUpdate = process.argv.includes('--update');
const limits = JSON.parse(readFileSync(file, 'utf8'));

const parts = [
  ...entries.map((entry) => [moduleOf(entry), `export * from './src/${entry}.ts'`]),
  ['createWorker alone', "export { createWorker } from './src/index.ts'"],
];
const sizes = [];
for (const [name, contents] of parts) sizes.push([name, await sizeOf(contents)]);

const rows = sizes.map(([name, size]) => {
  const isOver = !(size <= limits[name]);
  if (isOver && !isUpdate) process.exitCode = 1;
  return [name, kB(size), kB(limits[name] ?? 0), isOver ? 'OVER' : ''];
});
console.log(tableOf(['', 'kB', 'limit', ''], rows));
if (process.exitCode) console.error('Is it worth it? Then `npm run sizes -- --update`.');
if (isUpdate) {
  const next = sizes.map(([name, size]) => [name, Math.ceil(size / 100) * 100]);
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(next), null, 2)}\n`);
}

async function sizeOf(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    write: false,
  });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length;
}

function kB(bytes) {
  return (bytes / 1000).toFixed(1);
}
