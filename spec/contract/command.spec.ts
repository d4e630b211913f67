import { parseCommand } from '../../src/contract/command.js';
import { createWorker, fromCommand, lifeOf } from '../../src/index.js';

describe('parseCommand', () => {
  it.each([
    ['cat', ['cat']],
    ['grep -n needle', ['grep', '-n', 'needle']],
    [' \t grep  -n\tneedle\n\r\v\f ', ['grep', '-n', 'needle']],
  ])('splits a string at white space: %j', (command, words) => {
    expect(parseCommand(command)).toEqual(words);
  });

  it.each([
    ['echo it\'s 5"', ['echo', "it's", '5"']],
    ['echo a\\ b', ['echo', 'a\\', 'b']],
    ['echo $HOME *.ts | sort > x; y', ['echo', '$HOME', '*.ts', '|', 'sort', '>', 'x;', 'y']],
    ['C:\\Programs\\engine.exe /q', ['C:\\Programs\\engine.exe', '/q']],
  ])('knows neither escapes nor a shell: %j', (command, words) => {
    expect(parseCommand(command)).toEqual(words);
  });

  it.each([
    [['cat']],
    [['/opt/my programs/engine', '--name', 'a b', '"', "'", '\\', '$HOME', '*', '\n', 'é😀']],
    [['printf', '', ' ']],
  ])('takes a list as it is: %j', (command) => {
    expect(parseCommand(command)).toEqual(command);
  });

  it('copies a list', () => {
    const command = ['cat', '-n'];
    const words = parseCommand(command);
    command[1] = '-e';
    expect(words).toEqual(['cat', '-n']);
  });
});

const withHole = ['cat', '-n', '-e'];
// eslint-disable-next-line @typescript-eslint/no-array-delete -- a hole is what it is about
delete withHole[1];

describe.each([
  ['createWorker', createWorker],
  ['fromCommand', fromCommand],
  ['lifeOf', lifeOf],
])('%s', (_, create: (command: any, options: any) => unknown) => {
  it.each([
    ['an empty string', '', 'command is empty: the first word must name a program'],
    ['white space', ' \t\n', 'command is empty: the first word must name a program'],
    ['an empty list', [], 'command is empty: the first word must name a program'],
    [
      'a list without a program',
      ['', '-n'],
      'command is empty: the first word must name a program',
    ],
    ['nothing', undefined, 'command must be a string or a list of strings, not undefined'],
    ['null', null, 'command must be a string or a list of strings, not null'],
    ['a number', 5, 'command must be a string or a list of strings, not number'],
    ['a boolean', true, 'command must be a string or a list of strings, not boolean'],
    ['a symbol', Symbol('cat'), 'command must be a string or a list of strings, not symbol'],
    ['a function', () => 'cat', 'command must be a string or a list of strings, not function'],
    ['an object', { file: 'cat' }, 'command must be a string or a list of strings, not object'],
    ['a Set', new Set(['cat']), 'command must be a string or a list of strings, not object'],
    ['a list with a number', ['sleep', 5], 'command[1] must be a string, not number'],
    ['a list with null', ['cat', 'x', null], 'command[2] must be a string, not null'],
    ['a list with undefined', ['cat', undefined], 'command[1] must be a string, not undefined'],
    ['a list with a hole', withHole, 'command[1] must be a string, not undefined'],
    ['a list with a list', [['cat']], 'command[0] must be a string, not object'],
    [
      'double quotes',
      'node -e "1 + 1" -x',
      'command is split at white space, and quotes are not understood: pass a list, ["node", "-e", "1 + 1", "-x"]',
    ],
    [
      'single quotes',
      "sed 's/a/b/'",
      'command is split at white space, and quotes are not understood: pass a list, ["sed", "s/a/b/"]',
    ],
    [
      'quotes behind =',
      'engine --name="a b"',
      'command is split at white space, and quotes are not understood: pass a list, ["engine", "--name=a b"]',
    ],
    [
      'a quote without its other half',
      'echo "a b',
      'command is split at white space, and quotes are not understood: pass a list, ["echo", "\\"", "a", "b"]',
    ],
    ['a NUL in a string', 'cat a\0b', 'command[1] contains a NUL character'],
    ['a NUL in a list', ['c\0at'], 'command[0] contains a NUL character'],
  ])('throws a TypeError for %s, and starts nothing', (_name, command, message) => {
    const launch = jest.fn();
    let thrown: unknown;
    try {
      create(command, { launch });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(TypeError);
    expect(thrown).toHaveProperty('message', message);
    expect(launch).not.toHaveBeenCalled();
  });
});
