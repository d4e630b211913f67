import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { builtEntry } from './support/programs.js';

const root = resolve(__dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

/** The code below a heading; with none, that above the first. */
function blockOf(heading: string, language: string): string {
  const from = heading === '' ? 0 : readme.indexOf(`\n## ${heading}`);
  const text = readme.slice(from).split('\n## ')[heading === '' ? 0 : 1] ?? '';
  return new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'ms').exec(text)?.[1] ?? '';
}

const has = (program: string) => !spawnSync(program, { input: '', timeout: 10_000 }).error;
const bc = has('bc') ? it : it.skip;

describe('the code in the README runs as it is pasted:', () => {
  let folder: string;

  beforeAll(() => {
    // From there rxjs is found.
    const cache = join(root, 'node_modules/.cache');
    mkdirSync(cache, { recursive: true });
    folder = mkdtempSync(join(cache, 'readme-'));
    writeFileSync(join(folder, 'doubler.mjs'), blockOf('', 'js'));
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  /** Runs a block to its end. @returns the lines that it prints. */
  function run(heading: string): string[] {
    const pasted = blockOf(heading, 'ts').replaceAll(
      /from 'simple-ipc(?:\/(\w+))?'/g,
      (_, entry: string | undefined) => `from '${builtEntry(entry ?? 'index')}'`,
    );
    const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
    writeFileSync(
      join(folder, 'app.mjs'),
      ts.transpileModule(pasted, { compilerOptions }).outputText,
    );
    const { stdout, stderr, status } = spawnSync(process.execPath, ['app.mjs'], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 300_000,
    });
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    return stdout.trim().split('\n');
  }

  it('both ends of the first example', () => {
    expect(run('')).toEqual(['starting', 'running', '4', '42', 'exited']);
  });

  it('Restart', () => {
    const printed = run('Restart');
    const run1 = ['starting', 'running', 'hello', 'exited'];
    expect(printed).toEqual([...run1, 'backoff', ...run1, 'backoff', ...run1, 'failed']);
  });

  bc('Ask', () => expect(run('Ask')).toEqual(["[ '42', '54' ]"]));

  bc('Pool', () => expect(run('Pool').sort()).toEqual(['1024', '2', '3']));

  it('One-off programs', () => expect(run('One-off')).toEqual(['a', 'b']));

  it('Test your service', () => expect(run('Test')).toEqual(['2']));

  it('and all of it is tried here', () => {
    expect(readme.match(/^```ts$/gm)).toHaveLength(6);
    expect(readme.split('\n').length).toBeLessThanOrEqual(200);
  });
});
