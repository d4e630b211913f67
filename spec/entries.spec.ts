import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(__dirname, '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  exports: Record<string, unknown>;
};
const entries = Object.keys(manifest.exports)
  .filter((path) => !path.endsWith('.json'))
  .map((path) => (path === '.' ? 'index' : path.slice(2)));

/** The modules for browsers; see `.dependency-cruiser.cjs`. */
const forBrowsers = [
  ...['rx', 'framing', 'contract', 'exchange', 'flow', 'link'].flatMap((folder) =>
    readdirSync(join(root, 'src', folder)).map((file) => `${folder}/${file}`),
  ),
  'worker/OutputIterator.ts',
];

interface Metafile {
  readonly outputs: Readonly<
    Record<
      string,
      { readonly entryPoint?: string; readonly imports: readonly { readonly path: string }[] }
    >
  >;
}

/** The imports that remain in each file after bundling. */
type Bundles = Readonly<Record<string, readonly string[]>>;

/** Takes a module, and prints what its import leaves behind. */
const WATCH = `
const { createHook } = require('node:async_hooks');
const { pathToFileURL } = require('node:url');
const [module, ...packages] = process.argv.slice(1);
const listeners = () => process.eventNames().map((name) => String(name) + process.listenerCount(name));
const HARMLESS = /^(PROMISE|FSREQCALLBACK|FSREQPROMISE|FILEHANDLE|FILEHANDLECLOSEREQ|TickObject|Microtask)$/;
(async () => {
  for (const name of packages) await import(name);
  const found = [];
  const hook = createHook({ init: (id, type) => { if (!HARMLESS.test(type)) found.push(type); } });
  const before = [...listeners(), ...Object.getOwnPropertyNames(globalThis)];
  hook.enable();
  await import(pathToFileURL(module));
  hook.disable();
  const after = [...listeners(), ...Object.getOwnPropertyNames(globalThis)];
  found.push(...after.filter((name) => !before.includes(name)));
  require('node:fs').writeSync(1, JSON.stringify(found));
})();`;

/** Bundles into a folder, by the program: the service behind esbuild's functions outlives a test. */
function bundle(files: string[], outdir: string, ...flags: string[]): Bundles {
  const esbuild = join(root, 'node_modules/.bin/esbuild');
  const metafile = join(outdir, 'meta.json');
  const args = [...files, '--bundle', '--format=esm', '--out-extension:.js=.mjs', ...flags];
  const { stderr, status } = spawnSync(
    esbuild,
    [...args, `--outdir=${outdir}`, `--metafile=${metafile}`, '--log-level=error'],
    { cwd: root, encoding: 'utf8' },
  );
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  const { outputs } = JSON.parse(readFileSync(metafile, 'utf8')) as Metafile;
  const bundles = Object.values(outputs).map(({ entryPoint = '', imports }) => {
    return [entryPoint, [...new Set(imports.map(({ path }) => path))]] as const;
  });
  return Object.fromEntries(bundles);
}

describe('an entry of the package', () => {
  let folder: string;

  beforeAll(() => {
    // From there the packages that it needs are found.
    const cache = join(root, 'node_modules/.cache');
    mkdirSync(cache, { recursive: true });
    folder = mkdtempSync(join(cache, 'entries-'));
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(entries)('%s makes no handle, timer, process, listener or global on import', (entry) => {
    const file = `src/${entry}.ts`;
    const bundles = bundle([file], folder, '--platform=node', '--packages=external');
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      ['-e', WATCH, join(folder, `${entry}.mjs`), ...(bundles[file] ?? [])],
      { cwd: folder, encoding: 'utf8' },
    );
    expect({ stdout, stderr, status }).toEqual({ stdout: '[]', stderr: '', status: 0 });
  });

  it.each(entries)('%s leaves nothing in a bundle that does not use it', (entry) => {
    const { stdout } = spawnSync(
      join(root, 'node_modules/.bin/esbuild'),
      ['--bundle', '--format=esm', '--platform=node', '--packages=external'],
      { cwd: root, encoding: 'utf8', input: `import './src/${entry}.ts'` },
    );
    expect(stdout).toBe('');
  });

  it('needs no module of Node where it is for browsers', () => {
    const files = forBrowsers.map((file) => `src/${file}`);
    const bundles = bundle(files, folder, '--platform=browser', '--external:rxjs');
    expect(Object.keys(bundles).sort()).toEqual(files.sort());
    expect(new Set(Object.values(bundles).flat())).toEqual(new Set(['rxjs']));
  });
});
