import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { argvOf, commandOfCmd, readByCmd } from '../support/cmdExe.js';
import { onWindows } from '../support/onWindows.js';
import { cleanUp, temporaryFolder } from '../support/programs.js';

interface Parsed {
  readonly command: string;
  readonly args: string[];
  readonly options: { readonly windowsVerbatimArguments?: boolean };
}
type Check = (file: string, args: readonly string[], options: object) => void;

const { check, parse } = onWindows(() => ({
  check: jest.requireActual<{ checkBatchFile: Check }>('../../src/process/batchFile.js')
    .checkBatchFile,
  parse: jest.requireActual<{ _parse: (...args: unknown[]) => Parsed }>('cross-spawn')._parse,
}));

/** Makes an empty program in a folder that is the whole PATH. (In capitals: it is found by its PATHEXT.) */
function programIn(name: string, ...under: string[]) {
  const folder = join(temporaryFolder(), ...under);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), '');
  chmodSync(join(folder, name), 0o755);
  return { env: { PATH: folder } };
}

/** The text that a batch file passes on as `%*`: everything after its name, once cmd.exe has read the line. */
function passedOn(args: string[], options: object) {
  const parsed = parse('shim', args, options);
  expect(parsed.options.windowsVerbatimArguments).toBe(true);
  expect(parsed.command).toMatch(/cmd\.exe$/i);
  const read = readByCmd(commandOfCmd(parsed.args));
  expect(read.active).toEqual([]);
  expect(read.text).toMatch(/^shim( |$)/);
  return read.text.slice('shim'.length);
}

const isRefused = (args: string[], options: object) => {
  try {
    check('shim', args, options);
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

describe('checkBatchFile', () => {
  afterEach(cleanUp);

  it('lets nothing pass that cmd.exe or a batch file would interpret: all arrives as it is', () => {
    const options = programIn('shim.CMD');
    let passed = 0;
    let tried = 0;
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 4 }), (args) => {
        tried++;
        if (isRefused(args, options)) return;
        passed++;
        const inserted = readByCmd(passedOn(args, options), true);
        expect(inserted.active).toEqual([]);
        expect(argvOf(inserted.text)).toEqual(args);
      }),
      { numRuns: 1_000 },
    );
    expect(passed / tried).toBeGreaterThan(0.05);
  });

  it('lets nothing pass to the shims of npm either, which may get quotes', () => {
    const options = programIn('shim.CMD', 'node_modules', '.bin');
    let quotes = 0;
    let tried = 0;
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 4 }), (args) => {
        tried++;
        if (isRefused(args, options)) return;
        if (args.some((arg) => arg.includes('"'))) quotes++;
        const inserted = readByCmd(passedOn(args, options), true);
        expect(inserted.active).toEqual([]);
        expect(argvOf(inserted.text)).toEqual(args);
      }),
      { numRuns: 1_000 },
    );
    expect(quotes / tried).toBeGreaterThan(0.05);
  });

  const shim = () => programIn('shim.CMD');
  const npmShim = () => programIn('shim.CMD', 'node_modules', '.bin');

  it.each([
    ['a line break', 'a\nb', shim],
    ['a line break', 'a\rb', npmShim],
    ['a colon between percent signs', '%PATH:~0,1%', shim],
    ['a colon between percent signs', '%CMDCMDLINE:~-1%', npmShim],
    ['several backslashes before a quote or at the end', 'a\\\\', shim],
    ['several backslashes before a quote or at the end', '\\\\\\"a', npmShim],
    ['a quote', 'a" & calc & "', shim],
    ['a quote', '"', () => programIn('shim.BAT', 'node_modules', '.bin')],
  ])('refuses %s: %j', (danger, arg, program) => {
    expect(() => check('shim', ['first', arg], program())).toThrow(
      `Windows has cmd.exe run it, which ${danger} in the arguments could mislead; run the program that it starts instead`,
    );
  });

  it('refuses percent signs with a colon over several arguments', () => {
    expect(isRefused(['%PATH:a', '=b%'], shim())).toBe(true);
  });

  it.each([
    [
      'all else',
      [
        '&',
        '|',
        '%PATH%',
        '!PATH!',
        '^',
        '<>',
        '(',
        ')',
        '50 %',
        'C:\\a b\\',
        '\\\\a\\b\\',
        '$(x)',
        '',
      ],
    ],
    ['a colon outside', ['C:\\a', '%PATH%', 'b:c']],
  ])('lets %s pass', (_, args) => expect(isRefused(args, shim())).toBe(false));

  it('throws ENOENT if there is no such program', () => {
    const call = () => check('none', ['"'], shim());
    expect(call).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });

  it('lets quotes pass to the shims of npm', () => {
    expect(isRefused(['{"a": 1}'], npmShim())).toBe(false);
  });

  it('has nothing against anything that goes to a program itself', () => {
    const options = programIn('shim.EXE');
    fc.assert(
      fc.property(fc.array(hostile), (args) => expect(isRefused(args, options)).toBe(false)),
      { numRuns: 50 },
    );
  });

  // Why it is there at all: cross-spawn alone is not enough.
  it.each([
    ['a line break', 'a\nb', ['\n']],
    ['a colon between percent signs', '%PATH:~0,1%', ['PATH:~0^,1^']],
  ])('is needed: %s means something to cmd.exe for all its carets', (_, arg, active) => {
    const { args } = parse('shim', [arg], shim());
    expect(readByCmd(commandOfCmd(args)).active).toEqual(active);
  });

  it('is needed: an argument that ends with several backslashes swallows the next', () => {
    const text = passedOn(['a\\\\', '--flag'], npmShim());
    expect(argvOf(readByCmd(text, true).text)).not.toEqual(['a\\\\', '--flag']);
  });

  it('is needed: a quote means something to a batch file that passes it on', () => {
    const text = passedOn(['a" & calc & "b'], shim());
    expect(readByCmd(text, true).active).toEqual(['&', '&']);
  });
});

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
