import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, relative } from 'node:path';
import { findProgram } from '../../src/process/findProgram.js';
import { cleanUp, temporaryFolder } from '../support/programs.js';

// File names have a case here, unlike on Windows: extensions are in capitals.

/** Makes folders with files; returns their paths. */
function folders(...lists: readonly (readonly string[])[]): string[] {
  return lists.map((names) => {
    const folder = temporaryFolder();
    for (const name of names) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), '');
    }
    return folder;
  });
}

const onPath = (...paths: string[]) => ({ cwd: undefined, env: { PATH: paths.join(';') } });

describe('findProgram', () => {
  afterEach(cleanUp);

  it.each([
    ['tool', 'tool.COM'],
    ['tool.EXE', 'tool.EXE'],
    ['tool.exe', undefined],
    ['other', 'other.CMD'],
    ['script', 'script'],
    ['notes.txt', 'notes.txt'],
    ['v1.2', 'v1.2.EXE'],
    ['npm', 'npm.CMD'],
    ['none', undefined],
    ['sub', undefined],
    ['', undefined],
  ])('finds %j on the PATH as %s', (name, found) => {
    const [folder = ''] = folders([
      ...['tool.COM', 'tool.EXE', 'tool.CMD', 'other.CMD', 'script', 'notes.txt'],
      ...['v1.2', 'v1.2.EXE', 'npm', 'npm.CMD', 'sub/tool.EXE'],
    ]);
    expect(findProgram(name, onPath(folder))).toBe(found && join(folder, found));
  });

  it('takes the first folder of the PATH that has it, but a script last', () => {
    const [a = '', b = '', c = ''] = folders(['x'], ['x.BAT'], ['x.EXE']);
    expect(findProgram('x', onPath(a, b, c))).toBe(join(b, 'x.BAT'));
    expect(findProgram('x', onPath(a))).toBe(join(a, 'x'));
  });

  it('reads the PATH as Windows does: quotes, empty parts, any case of its name', () => {
    const [folder = ''] = folders(['x.EXE']);
    const found = join(folder, 'x.EXE');
    expect(findProgram('x', onPath('', `"${folder}"`, ''))).toBe(found);
    expect(findProgram('x', { cwd: undefined, env: { Path: folder } })).toBe(found);
    // The first in the order of their names, as Node passes on.
    expect(findProgram('x', { cwd: undefined, env: { path: '', Path: folder } })).toBe(found);
    expect(findProgram('x', { cwd: undefined, env: { Path: folder, PATH: '/none' } })).toBe(
      undefined,
    );
  });

  it('uses the PATH of the host if env has none, as Node does', () => {
    const [folder = ''] = folders(['x.EXE']);
    const before = process.env.PATH;
    process.env.PATH = folder;
    try {
      expect(findProgram('x', { cwd: undefined, env: {} })).toBe(join(folder, 'x.EXE'));
      expect(findProgram('x', { cwd: undefined, env: undefined })).toBe(join(folder, 'x.EXE'));
    } finally {
      process.env.PATH = before ?? '';
    }
    expect(delimiter).not.toBe('');
  });

  it('never looks for a bare name in the directory, neither of the host nor of the program', () => {
    const [folder = ''] = folders(['x.EXE']);
    expect(findProgram('x', { cwd: folder, env: { PATH: '/none' } })).toBeUndefined();
    expect(findProgram('x.EXE', { cwd: folder, env: { PATH: ';' } })).toBeUndefined();
    // Unless the PATH says so.
    expect(findProgram('x', { cwd: folder, env: { PATH: '.' } })).toBe(join(folder, 'x.EXE'));
  });

  it.each(['./x', 'sub/../x', './x.EXE'])('finds the path %s in cwd', (path) => {
    const [folder = ''] = folders(['x.EXE', 'sub/y']);
    expect(findProgram(path, { cwd: folder, env: { PATH: '' } })).toBe(join(folder, 'x.EXE'));
    expect(findProgram(path, { cwd: join(folder, 'sub'), env: { PATH: folder } })).toBe(undefined);
  });

  it('finds a relative path in the directory of the host, and an absolute one', () => {
    const [folder = ''] = folders(['x.EXE']);
    const path = join(folder, 'x.EXE');
    expect(findProgram(path, onPath())).toBe(path);
    expect(findProgram(relative('.', path), onPath())).toBe(path);
  });

  it('takes no directory for a program', () => {
    const [folder = ''] = folders(['x.EXE/y', 'x.CMD']);
    expect(findProgram('x', onPath(folder))).toBe(join(folder, 'x.CMD'));
    expect(findProgram(folder, onPath())).toBeUndefined();
  });

  it('takes the alias of a program from the Microsoft Store, a link that cannot be followed', () => {
    const [folder = ''] = folders([]);
    symlinkSync(join(folder, 'none'), join(folder, 'python.EXE'));
    expect(findProgram('python', onPath(folder))).toBe(join(folder, 'python.EXE'));
  });
});
