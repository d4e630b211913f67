import { mkdirSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { firstValueFrom, from, lastValueFrom, toArray } from 'rxjs';
import {
  createPool,
  createWorker,
  fromCommand,
  LineBreakError,
  lines,
  through,
  type FromCommandOptions,
} from 'simple-ipc';
import { Worker } from 'simple-ipc/imperative';
import { cases } from './support/cases.js';
import { cleanUp, eventually, fixture, record, temporaryFolder, use } from './support/programs.js';

interface Told {
  readonly args: string[];
  readonly argv0: string;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

const program = fixture('tellWhatItGot.mjs');

/** Text that some shell would interpret, without line breaks and slashes. */
const HOSTILE = {
  'a command substitution': '$(touch x)',
  backticks: '`touch x`',
  'the end of a command': '; touch x',
  'an and': '&& touch x',
  'an or': '|| touch x',
  'a background job': '& touch x &',
  'a pipe': '| tee x',
  'a redirection': '> x 2>&1 < y',
  'a variable': '$HOME ${HOME} $0 $$',
  'a variable of cmd': '%PATH% %CMDCMDLINE:~-1%',
  'a delayed variable of cmd': '!PATH!',
  'escapes of cmd': '^& calc ^',
  'single quotes': "' touch x '",
  'double quotes': '" touch x "',
  'a lone quote': '"',
  backslashes: '\\ \\\\ \\" \\',
  globs: '* ? [a-z] {a,b} **',
  'a home': '~ ~root',
  'a comment': '# a',
  'a history': '!! !$',
  'the end of options': '--',
  'an option': '-e',
  'white space': '  a \t b  ',
  'control characters': '\x01\x1b[2J\x7f\b\v\f',
  unicode: 'é€😀\u2028\u0085\ufeff\u202e',
  nothing: '',
};
const hostile = Object.entries(HOSTILE);
const LINE_BREAKS = ['a\ntouch x', 'a\r\ntouch x\r\n', '\n', '$(touch x)\n`touch x`'];

/** Any text without NUL, as the system takes it; near to what shells interpret. */
const text = fc
  .oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.string({ unit: fc.constantFrom(...Array.from('$`"\'\\;&|<>(){}*?[]~#!%^=- \t\n\rax')) }),
  )
  .map((value) => value.replaceAll('\0', ''));

const onPosix = process.platform === 'win32' ? describe.skip : describe;

onPosix('no shell interprets', () => {
  afterEach(cleanUp);

  /** Runs the program in an empty folder, in which nothing may be made. */
  async function run(args: string[], options: FromCommandOptions = {}): Promise<Told> {
    const cwd = options.cwd ?? temporaryFolder();
    const told$ = fromCommand([...program, ...args], { ...options, cwd });
    const told = await lastValueFrom(told$);
    expect(readdirSync(cwd)).toEqual([]);
    return JSON.parse(told) as Told;
  }

  it.each(hostile)(
    '%s in an argument, in argv0, or in the name of a directory',
    async (_, data) => {
      const args = ['first', data, data + data, `a${data}b`];
      const cwd = join(realpathSync(temporaryFolder()), `${data} folder`);
      mkdirSync(cwd);
      const expected = { args, argv0: data, cwd };
      expect(await run(args, { cwd, argv0: data })).toMatchObject(expected);
    },
  );

  describe('an argument', () => {
    it('that holds line breaks', async () => {
      expect((await run(LINE_BREAKS)).args).toEqual(LINE_BREAKS);
    });

    it('of any kind', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(text, { maxLength: 8 }), async (args) => {
          // Behind "--": what begins with a dash is for the program to understand.
          expect((await run(['--', ...args])).args).toEqual(['--', ...args]);
        }),
        { numRuns: cases(25, 5) },
      );
    }, 120_000);

    it.each(['createWorker', 'through', 'createPool', 'Worker'])('of %s', async (how) => {
      const args = hostile.map(([, arg]) => arg);
      const told = JSON.parse(await firstLine(how, [...program, ...args])) as Told;
      expect(told.args).toEqual(args);
    });

    it('of a command that is a string: it is only split at white space', async () => {
      const cwd = temporaryFolder();
      const rest = '$(touch x) ; touch y && `touch z` > a * $HOME';
      const told = await lastValueFrom(fromCommand(`${program.join(' ')} ${rest}`, { cwd }));
      expect((JSON.parse(told) as Told).args).toEqual(rest.split(' '));
      expect(readdirSync(cwd)).toEqual([]);
    });
  });

  describe('the name of a program', () => {
    it.each(hostile.filter(([, file]) => file.trim() !== ''))('that holds %s', async (_, file) => {
      const cwd = temporaryFolder();
      const ran$ = fromCommand([`no such program ${file}`, 'a'], { cwd });
      await expect(lastValueFrom(ran$)).rejects.toMatchObject({
        name: 'SpawnError',
        code: 'ENOENT',
      });
      expect(readdirSync(cwd)).toEqual([]);
    });
  });

  describe('the environment', () => {
    it('in its values', async () => {
      const values = [...hostile.map(([, value]) => value), ...LINE_BREAKS];
      const env = Object.fromEntries(values.map((value, i) => [`HOSTILE_${i}`, value]));
      expect((await run([], { env })).env).toEqual(env);
    });

    it('in its names', async () => {
      const names = hostile.map(([, name]) => `A ${name}`).filter((name) => !name.includes('='));
      const env = Object.fromEntries(names.map((name) => [name, 'a']));
      expect((await run([], { env })).env).toEqual(env);
    });

    it('and adds nothing to what is given; without, the program has that of the host', async () => {
      expect((await run([], { env: {} })).env).toEqual({});
      expect((await run([])).env).toEqual({ ...process.env });
    });
  });

  describe('a line', () => {
    const inputs = hostile.map(([, line]) => line);

    it('that is sent', async () => {
      const cwd = temporaryFolder();
      const worker = use(createWorker(program, { cwd }));
      const told = record(worker);
      for (const line of inputs) worker.send.next(line);
      worker.send.complete();
      await eventually(() => worker.status$.value.state === 'exited');
      expect(told.output.slice(1).map((line) => JSON.parse(line) as string)).toEqual(inputs);
      expect(readdirSync(cwd)).toEqual([]);
    });

    it('of any kind: it arrives as it is, or is rejected for its line break', async () => {
      const cwd = temporaryFolder();
      await fc.assert(
        fc.asyncProperty(fc.array(text, { maxLength: 20 }), async (values) => {
          const worker = use(createWorker('cat', { cwd }));
          const told = record(worker);
          for (const value of values) worker.send.next(value);
          worker.send.complete();
          await eventually(() => worker.status$.value.state === 'exited');
          const isTwo = (value: string) => /[\r\n]/.test(value);
          expect(told.output).toEqual(values.filter((value) => !isTwo(value)));
          expect(told.rejected.map(({ value }) => value)).toEqual(values.filter(isTwo));
          for (const { error } of told.rejected) expect(error).toBeInstanceOf(LineBreakError);
        }),
        { numRuns: cases(25, 5) },
      );
      expect(readdirSync(cwd)).toEqual([]);
    }, 120_000);

    it('that is printed', async () => {
      const cwd = temporaryFolder();
      const echoed$ = from(inputs).pipe(through('cat', { cwd }), toArray());
      expect(await lastValueFrom(echoed$)).toEqual(inputs);
      expect(readdirSync(cwd)).toEqual([]);
    });
  });
});

describe('NUL', () => {
  it.each([
    ['an argument', () => fromCommand(['echo', 'a\0b']), 'command[1] contains a NUL character'],
    ['the program', () => createWorker('ec\0ho'), 'command[0] contains a NUL character'],
    ['cwd', () => fromCommand('pwd', { cwd: '/\0' }), 'cwd contains a NUL character'],
    ['argv0', () => fromCommand('pwd', { argv0: '\0' }), 'argv0 contains a NUL character'],
    ['a value of env', () => fromCommand('env', { env: { A: '\0' } }), 'env.A contains a NUL'],
    ['a name of env', () => fromCommand('env', { env: { '\0': 'a' } }), 'contains a NUL character'],
    ['the command of a Worker', () => new Worker('a\0'), 'command[0] contains a NUL character'],
  ])('in %s is a TypeError at the call, with the reason', (_, call, message) => {
    expect(call).toThrow(TypeError);
    expect(call).toThrow(message);
  });

  it('in a line is data', async () => {
    const echoed$ = from(['a\0b']).pipe(through('cat', { codec: lines() }));
    expect(await lastValueFrom(echoed$)).toBe('a\0b');
  });
});

/** The first line of a program that is run in one of the ways to run one. */
function firstLine(how: string, command: string[]): Promise<string> {
  const cwd = temporaryFolder();
  switch (how) {
    case 'createWorker':
      return firstValueFrom(use(createWorker(command, { cwd })).output$);
    case 'through':
      return firstValueFrom(from(['a']).pipe(through(command, { cwd })));
    case 'createPool':
      return firstValueFrom(use(createPool(command, { cwd, size: 1 })).workers[0]!.output$);
    default:
      return new Promise((resolve) => use(new Worker(command, resolve, { verbose: false })));
  }
}
