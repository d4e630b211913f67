const { readdirSync } = require('node:fs');
const { resolve } = require('node:path');
const { buildSync } = require('esbuild');

const root = resolve(__dirname, '../..');

/** Builds the entries once per run of jest, for the specs that run an application in a process of its own. */
module.exports = () => {
  const entries = readdirSync(resolve(root, 'src')).filter((name) => name.endsWith('.ts'));
  buildSync({
    entryPoints: entries.map((name) => resolve(root, 'src', name)),
    outdir: resolve(root, 'spec/.built'),
    outExtension: { '.js': '.mjs' },
    format: 'esm',
    platform: 'node',
    target: 'node20',
    bundle: true,
    splitting: true,
    packages: 'external',
    logLevel: 'warning',
  });
};
