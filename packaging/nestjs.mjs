// node packaging/nestjs.mjs: the packed package in applications of NestJS 11 and 12. SIGTERM comes with an open event stream and a
// request under way: the request is answered, the stream ends, and no program is left.
import { equal, match } from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { pack } from './harness/pack.mjs';
import { Project } from './harness/Project.mjs';
import { Report } from './harness/Report.mjs';

const report = new Report();
const tools = new Project();
const projects = [tools];
try {
  const { tarball } = pack(tools.folder);
  for (const version of ['11', '12']) {
    const project = new Project();
    projects.push(project);
    await report.try(`NestJS ${version}: install`, () => {
      const packages = ['common', 'core', 'platform-express'].map(
        (name) => `@nestjs/${name}@${version}`,
      );
      project.install(tarball, 'rxjs@7', 'reflect-metadata', ...packages);
      project.copy('nestjs/app.mjs', 'app.mjs');
    });
    await report.try(`NestJS ${version}: SIGTERM`, () => terminate(project));
  }
} finally {
  for (const project of projects) project.remove();
}
report.end();

async function terminate(project) {
  const app = spawn(process.execPath, ['app.mjs'], {
    cwd: project.folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [port] = await once(createInterface({ input: app.stdout }), 'line');
    const url = `http://127.0.0.1:${port}`;
    const stream = text((await fetch(`${url}/lines`)).body);
    const programs = childrenOf(app.pid);
    equal(programs.length, 3);
    const answer = fetch(`${url}/ask`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"n":21}',
    }).then((response) => response.text());
    await new Promise((resolve) => setTimeout(resolve, 200)); // The request is under way for half a second.
    const start = performance.now();
    app.kill('SIGTERM');
    await once(app, 'exit');
    const seconds = ((performance.now() - start) / 1_000).toFixed(2);
    equal(await answer, '42');
    match(await stream, /event: status\n/);
    const left = programs.filter((pid) => existsSync(`/proc/${pid}`));
    equal(left.length, 0);
    return `answered, stream ended, ${seconds} s to exit, programs left: ${left.length}`;
  } finally {
    app.kill('SIGKILL');
  }
}

/** Programs in Node: the guard is a shell. */
function childrenOf(pid) {
  const { stdout } = spawnSync('ps', ['-o', 'pid=,comm=', '--ppid', String(pid)], {
    encoding: 'utf8',
  });
  return stdout
    .split('\n')
    .filter((line) => line.includes('node'))
    .map((line) => parseInt(line));
}
