import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { windowsCommand } from '../../src/process/windowsCommand.js';
import { cleanUp, temporaryFolder } from '../support/programs.js';

// File names have a case here, unlike on Windows: extensions are in capitals.

/** Makes files in a folder, which is the whole PATH. */
function withFiles(files: Readonly<Record<string, string>>) {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return {
    folder,
    commandOf: (command: string[], argv0?: string) =>
      windowsCommand({ command, cwd: undefined, env: { PATH: folder }, argv0 }),
  };
}

describe('windowsCommand', () => {
  afterEach(cleanUp);

  it('starts an executable by its whole path, under the name that was given', () => {
    const { folder, commandOf } = withFiles({ 'tool.EXE': '' });
    expect(commandOf(['tool', '"a" & %b%', ''])).toEqual({
      file: join(folder, 'tool.EXE'),
      args: ['"a" & %b%', ''],
      argv0: 'tool',
    });
    expect(commandOf(['tool'], 'another').argv0).toBe('another');
  });

  it('has cmd.exe run a batch file by its whole path; argv0 would be text of its command line', () => {
    const { folder, commandOf } = withFiles({ 'shim.CMD': '', 'old.BAT': '' });
    const command = commandOf(['shim', 'a'], 'x /c calc');
    expect(command.file).toMatch(/cmd\.exe$/);
    expect(command.args.at(-1)).toBe(`"${join(folder, 'shim.CMD')} ^"a^""`);
    expect(command).not.toHaveProperty('argv0');
    expect(commandOf(['old']).file).toMatch(/cmd\.exe$/);
  });

  it.each(['del', 'echo', 'start', 'none', 'none.exe', './none', 'C:\\none.cmd', 'a & b', ''])(
    'never hands a name that is not found to cmd.exe: %j',
    (name) => {
      const { commandOf } = withFiles({});
      expect(() => commandOf([name, 'x'])).toThrow(expect.objectContaining({ code: 'ENOENT' }));
    },
  );

  it.each([
    ['#!/usr/bin/env tool\n', []],
    ['#!/usr/bin/env -S tool --flag  a\r\nmore', ['--flag', 'a']],
    ['#!/usr/local/bin/tool', []],
    ['#! tool -x\n', ['-x']],
  ])('starts a script by the interpreter of its first line: %j', (content, options) => {
    const { folder, commandOf } = withFiles({ script: content, 'tool.EXE': '' });
    expect(commandOf(['script', 'a'])).toEqual({
      file: join(folder, 'tool.EXE'),
      args: [...options, join(folder, 'script'), 'a'],
      argv0: 'tool',
    });
  });

  it('starts a script whose interpreter is a batch file', () => {
    const { folder, commandOf } = withFiles({ script: '#!/usr/bin/env tsx', 'tsx.CMD': '' });
    const { args } = commandOf(['script']);
    expect(args.at(-1)).toContain(`${join(folder, 'tsx.CMD')} ^"${join(folder, 'script')}^"`);
  });

  it.each([
    ['has no such interpreter', '#!/usr/bin/env none\n'],
    ['has an interpreter that is a script', '#!/bin/script\n'],
  ])('refuses a script that %s', (_, content) => {
    const { commandOf } = withFiles({ script: content });
    expect(() => commandOf(['script'])).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });

  it.each([
    ['a text', 'hello'],
    ['nothing', ''],
    ['a first line without a name', '#!\nx'],
    ['env without a name', '#!/usr/bin/env\n'],
    ['bytes', '\0\xff'],
  ])('refuses a file that is no program, whatever cmd.exe would open it with: %s', (_, content) => {
    const { commandOf } = withFiles({ 'notes.txt': content });
    expect(() => commandOf(['notes.txt'])).toThrow(expect.objectContaining({ code: 'EACCES' }));
  });
});
