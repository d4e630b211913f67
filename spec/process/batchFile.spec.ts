import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { batchCommand } from '../../src/process/batchFile.js';
import { argvOf, commandOfCmd, readByCmd } from '../support/cmdExe.js';
import { onWindows } from '../support/onWindows.js';
import { cleanUp, temporaryFolder } from '../support/programs.js';

/** A batch file of one's own. */
const SHIM = 'C:\\tools\\shim.cmd';
/** One of those that npm makes. */
const NPM_SHIM = 'C:\\app\\node_modules\\.bin\\shim.cmd';

/** The text that a batch file passes on as `%*`: all that follows its name, once cmd.exe has read the line. */
function passedOn(path: string, args: string[]) {
  const command = batchCommand(path, args);
  expect(command.windowsVerbatimArguments).toBe(true);
  expect(command.file).toMatch(/^[A-Z]:\\Windows\\System32\\cmd\.exe$/);
  const read = readByCmd(commandOfCmd(command.args));
  expect(read.active).toEqual([]);
  expect(read.text.slice(0, path.length)).toBe(path);
  return read.text.slice(path.length);
}

const isRefused = (path: string, args: string[]) => {
  try {
    batchCommand(path, args);
    return false;
  } catch {
    return true;
  }
};

const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom(...Array.from('"\\%^&|<>()!:=~; \t*?[],`\'-/$ \n\raé😀')),
    fc.constantFrom(
      '%PATH%',
      '%PATH:',
      '%CMDCMDLINE:~-1%',
      '" & calc',
      '\\"',
      '\\\\',
      '^"',
      '%%',
      '""',
    ),
  ),
  maxLength: 12,
});

describe('batchCommand', () => {
  afterEach(cleanUp);

  /** Tries many arguments; returns how many of them passed, and of those how many had quotes. */
  function tryMany(path: string) {
    const counts = { tried: 0, passed: 0, quotes: 0 };
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 4 }), (args) => {
        counts.tried++;
        if (isRefused(path, args)) return;
        counts.passed++;
        if (args.some((arg) => arg.includes('"'))) counts.quotes++;
        const inserted = readByCmd(passedOn(path, args), true);
        expect(inserted.active).toEqual([]);
        expect(argvOf(inserted.text)).toEqual(args);
      }),
      { numRuns: 1_000 },
    );
    return counts;
  }

  it('lets nothing pass that cmd.exe or a batch file would interpret: all arrives as it is', () => {
    const { passed, tried } = tryMany(SHIM);
    expect(passed / tried).toBeGreaterThan(0.05);
  });

  it('lets nothing pass to the shims of npm either, which may get quotes', () => {
    const { quotes, tried } = tryMany(NPM_SHIM);
    expect(quotes / tried).toBeGreaterThan(0.05);
  });

  it.each([
    ['a space', 'C:\\Program Files\\shim.cmd'],
    ['all that a name may have', "C:\\a & b\\%PATH%\\(c)^;,=!'[x]{y}~`@#$+\\é 日本.cmd"],
  ])('runs the very batch file, whose path has %s', (_, path) => {
    expect(passedOn(path, ['a b'])).toBe(' "a b"');
  });

  it.each([
    ['a line break', 'a\nb', SHIM],
    ['a line break', 'a\rb', NPM_SHIM],
    ['a colon between percent signs', '%PATH:~0,1%', SHIM],
    ['a colon between percent signs', '%CMDCMDLINE:~-1%', NPM_SHIM],
    ['a quote', 'a" & calc & "', SHIM],
    ['a quote', '"', NPM_SHIM.replace('.cmd', '.bat')],
  ])('refuses %s: %j', (danger, arg, path) => {
    expect(() => batchCommand(path, ['first', arg])).toThrow(
      `Windows has cmd.exe run it, which ${danger} in the arguments could mislead; run the program that it starts instead`,
    );
  });

  it('refuses percent signs with a colon over several arguments', () => {
    expect(isRefused(SHIM, ['%PATH:a', '=b%'])).toBe(true);
  });

  it.each([
    ['all else', Array.from("&|^<>()!*?[],;=~`'$#@{}+-./\\ \té😀")],
    ['variables', ['%PATH%', '!PATH!', '50 %', '%%']],
    ['backslashes at the end', ['C:\\a b\\', '\\\\a\\b\\', '\\\\', '\\\\\\']],
    ['a colon outside of percent signs', ['C:\\a', '%PATH%', 'b:c']],
    ['nothing', ['', '']],
  ])('lets %s pass', (_, args) => {
    const inserted = readByCmd(passedOn(SHIM, args), true);
    expect(inserted.active).toEqual([]);
    expect(argvOf(inserted.text)).toEqual(args);
  });

  it.each([['{"a": 1}'], ['\\"'], ['\\\\\\"a\\\\'], ['"" ""']])(
    'lets quotes pass to the shims of npm: %s',
    (arg) => {
      const inserted = readByCmd(passedOn(NPM_SHIM, [arg, 'b']), true);
      expect(inserted.active).toEqual([]);
      expect(argvOf(inserted.text)).toEqual([arg, 'b']);
    },
  );

  it('reads as cross-spawn does whatever that escapes without loss', () => {
    const options = programIn('shim.CMD');
    const npmOptions = programIn('shim.CMD', 'node_modules', '.bin');
    const passesBackslashes = (args: string[]) => !/\\\\("|\0|$)/.test(args.join('\0'));
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 4 }), fc.boolean(), (args, isNpm) => {
        fc.pre(!isRefused(isNpm ? NPM_SHIM : SHIM, args) && passesBackslashes(args));
        const { args: line } = crossSpawn('shim', args, isNpm ? npmOptions : options);
        const theirs = readByCmd(commandOfCmd(line)).text.slice('shim'.length);
        const ours = passedOn(isNpm ? NPM_SHIM : SHIM, args);
        // For the shims of npm there is a second layer of carets.
        const again = (text: string) => (isNpm ? readByCmd(text, true).text : text);
        expect(again(ours)).toBe(again(theirs));
      }),
      { numRuns: 1_000 },
    );
  });

  it('refuses a line that is too long for cmd.exe', () => {
    expect(isRefused(SHIM, ['x'.repeat(8_000)])).toBe(false);
    expect(() => batchCommand(SHIM, ['x'.repeat(8_191)])).toThrow(
      expect.objectContaining({ code: 'ENAMETOOLONG' }),
    );
    // Each caret counts.
    expect(isRefused(SHIM, ['&'.repeat(5_000)])).toBe(true);
  });

  it('takes linear time for a run of backslashes', () => {
    const timeOf = (count: number) => {
      const startedAt = process.cpuUsage();
      isRefused(SHIM, ['\\'.repeat(count) + 'x']);
      return process.cpuUsage(startedAt).user;
    };
    timeOf(1_000);
    expect(timeOf(4_000_000)).toBeLessThan(100 * timeOf(400_000) + 100_000);
  });

  // Why it refuses them: carets are not enough.
  it.each([
    ['a line break', 'a\nb', ['\n']],
    ['a colon between percent signs', '%PATH:~0,1%', ['PATH:~0^,1^']],
  ])('has to: %s means something to cmd.exe for all its carets', (_, arg, active) => {
    const { args } = crossSpawn('shim', [arg], programIn('shim.CMD'));
    expect(readByCmd(commandOfCmd(args)).active).toEqual(active);
  });

  it('has to: a quote means something to a batch file that passes it on', () => {
    const { args } = crossSpawn('shim', ['a" & calc & "b'], programIn('shim.CMD'));
    const { text } = readByCmd(commandOfCmd(args));
    expect(readByCmd(text, true).active).toEqual(['&', '&']);
  });
});

interface Parsed {
  readonly args: string[];
}

/** The command that cross-spawn would start, for comparison. */
const crossSpawn = onWindows(
  () => jest.requireActual<{ _parse: (...args: unknown[]) => Parsed }>('cross-spawn')._parse,
);

/** Makes an empty program in a folder that is the whole PATH. (In capitals: it is found by its PATHEXT.) */
function programIn(name: string, ...under: string[]) {
  const folder = join(temporaryFolder(), ...under);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), '');
  chmodSync(join(folder, name), 0o755);
  return { env: { PATH: folder } };
}

describe('the model of cmd.exe', () => {
  it.each([
    ['echo a', 'echo a', []],
    ['echo a & calc', 'echo a & calc', ['&']],
    ['echo a ^& calc', 'echo a & calc', []],
    ['echo "a & b"', 'echo "a & b"', []],
    ['echo "a ^& b"', 'echo "a ^& b"', []],
    ['echo ^"a & b^"', 'echo "a & b"', ['&']],
    ['echo "a" & "b"', 'echo "a" & "b"', ['&']],
    ['echo ^^', 'echo ^', []],
    ['echo ^', 'echo ', ['^']],
    ['(a) > b | c < d', '(a) > b | c < d', ['(', ')', '>', '|', '<']],
    ['echo "%PATH%"', 'echo "%PATH%"', ['PATH']],
    ['echo ^%PATH^%', 'echo %PATH%', []],
    ['echo ^%PATH:~0,1^%', 'echo %PATH:~0,1%', ['PATH:~0,1^']],
    ['echo 50% of it', 'echo 50% of it', []],
  ])('reads %s', (line, text, active) => expect(readByCmd(line)).toEqual({ text, active }));
});

// The examples of "Parsing C command-line arguments", Microsoft C/C++ documentation.
describe('the model of the C run-time', () => {
  it.each([
    [String.raw`"abc" d e`, ['abc', 'd', 'e']],
    [String.raw`a\\b d"e f"g h`, [String.raw`a\\b`, 'de fg', 'h']],
    [String.raw`a\\\"b c d`, [String.raw`a\"b`, 'c', 'd']],
    [String.raw`a\\\\"b c" d e`, [String.raw`a\\b c`, 'd', 'e']],
    [String.raw`a"b"" c d`, ['ab" c d']],
    ['"" a  b\t""', ['', 'a', 'b', '']],
    ['', []],
  ])('reads %s', (line, argv) => expect(argvOf(line)).toEqual(argv));
});
