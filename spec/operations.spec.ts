import { spawnSync } from 'node:child_process';
import { filter, firstValueFrom, lastValueFrom, toArray } from 'rxjs';
import { createWorker, fromCommand } from 'simple-ipc';
import { cleanUp, sh, use } from './support/programs.js';

const isThere = (...command: [string, ...string[]]) =>
  spawnSync(command[0], command.slice(1)).status === 0;

/** A test that needs a program; without it, it is skipped, and its name has the reason. */
function itWith(program: string, found: boolean, fact: string, test: () => Promise<void>): void {
  if (found) it(fact, test);
  else it.skip(`${fact} (skipped: there is no ${program})`, test);
}

describe('docs/guides/operations', () => {
  afterEach(cleanUp);

  it('reloads a program by SIGHUP in the same run', async () => {
    const program = sh('trap "echo reloaded" HUP; echo up; while :; do sleep 0.05; done');
    const server = use(createWorker(program, { stop: { endInputMs: 0, signal: 'SIGQUIT' } }));
    await firstValueFrom(server.output$);
    const reloaded = firstValueFrom(server.output$.pipe(filter((line) => line === 'reloaded')));
    const status = server.status$.value;
    if (status.state === 'running') process.kill(status.pid, 'SIGHUP');
    expect(await reloaded).toBe('reloaded');
    expect(server.status$.value).toMatchObject({ state: 'running', generation: 1 });
  });

  itWith('prlimit', isThere('prlimit', '--version'), 'limits a program by a prefix', async () => {
    const limit$ = fromCommand(['prlimit', '--nofile=123', '--', 'sh', '-c', 'ulimit -n']);
    expect(await lastValueFrom(limit$)).toBe('123');
  });

  itWith('script', isThere('script', '--version'), 'gives a program a terminal', async () => {
    const terminal$ = fromCommand(['script', '-qec', 'test -t 1 && echo a terminal', '/dev/null']);
    expect(await lastValueFrom(terminal$.pipe(toArray()))).toEqual(['a terminal']);
  });
});
