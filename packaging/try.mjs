// npm run package:try [-- --quick]: packs what was built, installs it as users do, and uses it.
import { copyFileSync, mkdirSync } from 'node:fs';
import { equal } from 'node:assert/strict';
import { createRequire } from 'node:module';
import { basename, dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { BUNDLERS } from './harness/bundlers.mjs';
import { checkContents } from './harness/checkContents.mjs';
import { pack, root } from './harness/pack.mjs';
import { Project } from './harness/Project.mjs';
import { Report } from './harness/Report.mjs';
import { run } from './harness/run.mjs';

const { quick } = parseArgs({ options: { quick: { type: 'boolean', default: false } } }).values;

/** How a program in TypeScript finds the types of a package, and what of it can be compiled so. */
const RESOLUTIONS = {
  nodenext: ['--module', 'nodenext', 'app.mts', 'app.cts'],
  bundler: ['--module', 'esnext', '--moduleResolution', 'bundler', 'app.ts'],
  // Knows no `exports`. TypeScript 6 advises against it, 7 has it no more.
  node10: ['--module', 'commonjs', '--moduleResolution', 'node10', 'app.ts'],
};
const OLD = ['nodenext', 'bundler', 'node10'];
const NEW = ['nodenext', 'bundler'];

/** Versions of rxjs, and by which compilers the application is checked with each. */
const TRIALS = quick
  ? [{ rxjs: '7.8.2', compilers: { '6.0': ['bundler'] } }]
  : [
      { rxjs: '7.8.2', compilers: { 5.4: OLD, 5.9: OLD, '6.0': NEW, '7.0': NEW } },
      // Until 7.5.5 rxjs shows its types to `node10` only.
      { rxjs: '7.5.0', compilers: { 5.4: ['node10'], 5.9: ['node10'] } },
      { rxjs: '7.5.5', compilers: { 5.4: OLD, 5.9: OLD, '6.0': NEW, '7.0': NEW } },
      // Not yet within the range of the peer.
      { rxjs: '8.0.0-alpha.14', compilers: { 5.4: NEW, 5.9: NEW, '6.0': NEW, '7.0': NEW } },
    ];
/** What describes the oldest Node that is supported. */
const NODE_TYPES = '@types/node@20';

const STRICT = ['--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', 'false'];
const MODERN = ['--target', 'es2022', '--lib', 'es2022'];

const here = createRequire(import.meta.url);
const report = new Report();
const tools = new Project();
const projects = [tools];
try {
  const packed = pack(tools.folder);
  const versions = new Set(TRIALS.flatMap(({ compilers }) => Object.keys(compilers)));
  versions.delete('6.0'); // Is the one that is installed here anyway.
  if (!quick) {
    await report.try('publint and attw', () => void run(['npm', 'run', 'package'], { cwd: root }));
    await report.try('install the compilers', () =>
      tools.install(...[...versions].map((version) => `ts${version}@npm:typescript@${version}`)),
    );
  }
  for (const { rxjs, compilers } of TRIALS) {
    const project = new Project();
    projects.push(project);
    await tryWith(rxjs, compilers, project, packed);
  }
  const project = new Project();
  projects.push(project);
  await tryBundles(project, packed);
  await tryMcp(packed);
} finally {
  for (const project of projects) project.remove();
}
report.end();

/** Tries the package with one version of rxjs. */
async function tryWith(rxjs, compilers, project, { tarball, files, size, unpackedSize }) {
  const name = `rxjs ${rxjs}`;
  await report.try(`${name}: install`, () => {
    project.install(tarball, `rxjs@${rxjs}`, NODE_TYPES);
    for (const extension of ['ts', 'mts', 'cts']) {
      project.copy('consumer/app.ts', `app.${extension}`);
    }
    project.copy('consumer/engine.spec.cjs', 'engine.spec.cjs');
  });
  if (project === projects[1]) {
    await report.try('what the package holds', () => {
      checkContents(files, project.path('node_modules', 'simple-ipc'));
      return `${files.length} files, ${kB(size)}, unpacked ${kB(unpackedSize)}`;
    });
    await report.try('compile the application', () =>
      compile(project, '6.0', ['--outDir', tools.path('out'), ...RESOLUTIONS.nodenext]),
    );
  }
  for (const app of ['app.mjs', 'app.cjs']) {
    await report.try(`${name}: ${app}`, () => {
      copyFileSync(tools.path('out', app), project.path(app));
      return project.run(process.execPath, app).trim();
    });
  }
  await report.try(`${name}: jest, CommonJS`, () => {
    project.run(process.execPath, here.resolve('jest/bin/jest'), '--rootDir', project.folder);
  });
  for (const [version, resolutions] of Object.entries(compilers)) {
    await report.try(`${name}: TypeScript ${version}`, () => {
      for (const resolution of resolutions) {
        compile(project, version, ['--noEmit', ...RESOLUTIONS[resolution]]);
      }
      return resolutions.join(', ');
    });
  }
}

/** Bundles the package into one file, moves that away from all packages, and runs it. */
async function tryBundles(project, { tarball }) {
  const bundlers = quick ? BUNDLERS.slice(0, 1) : BUNDLERS;
  const alone = new Project();
  projects.push(alone);
  await report.try('install the bundlers', () => {
    project.install(tarball, 'rxjs@7', ...bundlers.flatMap(({ packages }) => packages));
    project.copy('consumer/bundled.mjs', 'bundled.mjs');
  });
  for (const { name, files = {}, bundle } of bundlers) {
    for (const format of ['esm', 'cjs']) {
      await report.try(`${name}, ${format}: a bundle starts a program`, () => {
        for (const [file, text] of Object.entries(files)) project.write(file, text);
        const { command, out } = bundle(format);
        project.run(...command);
        const file = `${name}-${format}/${basename(out)}`;
        mkdirSync(dirname(alone.path(file)), { recursive: true });
        copyFileSync(project.path(out), alone.path(file));
        equal(alone.run(process.execPath, file).trim(), '42');
      });
    }
  }
}

/** Tries the transport with the official MCP clients, versions 1 and 2: their types, and a real server. */
async function tryMcp({ tarball }) {
  const project = new Project();
  projects.push(project);
  const mcp = ['sdk@1.32.2', 'client@2.4.0', 'server-everything@2026.8.31'];
  await report.try('mcp: install', () => {
    const names = mcp.map((name) => `@modelcontextprotocol/${name}`);
    project.install(tarball, 'rxjs@7.8.2', NODE_TYPES, ...names);
    project.copy('consumer/mcp.mjs', 'mcp.mjs');
  });
  await report.try('mcp: types of both clients', () => {
    const js = ['--allowJs', '--checkJs', '--noEmit', '--module', 'nodenext', 'mcp.mjs'];
    // The clients' declarations need a DOM, and are theirs.
    const lib = ['--target', 'es2022', '--lib', 'es2022,dom,esnext.disposable', '--skipLibCheck'];
    const compiler = here.resolve('typescript/bin/tsc');
    project.run(
      process.execPath,
      compiler,
      '--strict',
      '--exactOptionalPropertyTypes',
      ...lib,
      ...js,
    );
  });
  await report.try('mcp: a server that is killed, with both clients', () =>
    project.run(process.execPath, 'mcp.mjs').trim(),
  );
}

function compile(project, version, args) {
  const compiler =
    version === '6.0'
      ? here.resolve('typescript/bin/tsc')
      : tools.path('node_modules', `ts${version}`, 'bin', 'tsc');
  project.run(process.execPath, compiler, ...STRICT, ...MODERN, ...args);
}

function kB(bytes) {
  return `${Math.round(bytes / 1_000)} kB`;
}
