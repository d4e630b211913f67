import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SpawnError } from 'simple-ipc';
import type { LaunchPlan } from '../../src/process/Program.js';
import { toSpawnError } from '../../src/process/spawnError.js';
import { cleanUp, temporaryFolder } from '../support/programs.js';

const explain = (
  code: string,
  { file = 'engine', cwd, env }: { file?: string; cwd?: string; env?: NodeJS.ProcessEnv } = {},
) => {
  const cause = Object.assign(new Error(`spawn ${code}`), { code });
  const plan: LaunchPlan = {
    command: [file, '--fast'],
    cwd,
    env,
    argv0: undefined,
    uid: undefined,
    gid: undefined,
    input: true,
    stderr: 'pipe',
    ownGroup: true,
    orphanGuard: true,
  };
  return toSpawnError(plan, cause);
};

describe('toSpawnError', () => {
  afterEach(cleanUp);

  it('keeps the command and the cause', () => {
    const error = explain('EPERM');
    expect(error).toBeInstanceOf(SpawnError);
    expect(error).toMatchObject({ command: ['engine', '--fast'], code: 'EPERM' });
    expect(error.message).toContain('spawn EPERM');
  });

  it.each([
    ['EAGAIN', 'no process to spare'],
    ['EMFILE', 'too many files are open'],
    ['ENFILE', 'too many files are open'],
    ['E2BIG', 'longer than the system allows'],
    ['ENAMETOOLONG', 'longer than the system allows'],
    ['ENOENT', 'not found on the PATH'],
    ['EACCES', 'what PATH finds is not executable'],
  ])('explains %s: %s', (code, reason) => {
    expect(explain(code).message).toContain(`${reason} (${code})`);
  });

  it('names the PATH of the given env as the cause', () => {
    expect(explain('ENOENT', { env: {} }).message).toContain(
      'on the PATH of the given env (ENOENT)',
    );
  });

  it('names file or cwd as the cause', () => {
    const folder = temporaryFolder();
    const [script, directory] = [join(folder, 'script'), join(folder, 'directory')];
    writeFileSync(script, '#!/no/such/interpreter');
    chmodSync(script, 0o644);
    mkdirSync(directory);
    const reason = (code: string, what: { file?: string; cwd?: string }) =>
      explain(code, what).message;
    expect(reason('EACCES', { file: script })).toContain('it is not executable (EACCES)');
    expect(reason('EACCES', { file: directory })).toContain('it is a directory (EACCES)');
    expect(reason('ENOENT', { file: script })).toContain(
      'the interpreter that its first line names',
    );
    expect(reason('ENOENT', { file: join(folder, 'none') })).toContain('no such file (ENOENT)');
    expect(reason('ENOENT', { cwd: join(folder, 'none') })).toMatch(/cwd ".*none" does not exist/);
    expect(reason('ENOTDIR', { cwd: script })).toMatch(/cwd ".*script" is not a directory/);
    expect(reason('ENOENT', { cwd: directory })).toContain('not found on the PATH (ENOENT)');
  });

  it('looks for a relative program in cwd', () => {
    const [here, there] = [temporaryFolder(), temporaryFolder()];
    writeFileSync(join(here, 'script'), '#!/no/such/interpreter');
    const reason = (cwd: string) => explain('ENOENT', { file: './script', cwd }).message;
    expect(reason(here)).toContain('the interpreter that its first line names');
    expect(reason(there)).toContain('no such file (ENOENT)');
  });
});
