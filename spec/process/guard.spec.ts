import type { SpawnOptions } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { from, lastValueFrom, toArray } from 'rxjs';
import { fromCommand } from 'simple-ipc';
import type * as guardModule from '../../src/process/guard.js';
import { cleanUp, numbers, takeWarnings, watchWarnings } from '../support/programs.js';

/** A shell that is not there. */
class FakeShell extends EventEmitter {
  readonly told: string[] = [];
  readonly stdin = Object.assign(new EventEmitter(), {
    write: (text: string) => this.told.push(text),
    unref: jest.fn(),
  });
  readonly unref = jest.fn(() => this);
  constructor(
    readonly pid: number,
    readonly file: string,
    readonly args: readonly string[],
    readonly options: SpawnOptions,
  ) {
    super();
  }

  /** Its list at the start. */
  get first(): readonly string[] {
    return this.args.slice(3);
  }
}

/** A guard whose shells are fakes. */
function guardOfFakes(path = '/bin/sh') {
  const shells: FakeShell[] = [];
  const loaded: guardModule.Guard[] = [];
  jest.doMock('node:child_process', () => ({
    spawn(file: string, args: readonly string[], options: SpawnOptions) {
      if (file.includes('\0')) throw new TypeError('must be a string without null bytes');
      const shell = new FakeShell(500 + shells.length, file, args, options);
      shells.push(shell);
      return shell;
    },
  }));
  jest.isolateModules(() => {
    const { Guard } = jest.requireActual<typeof guardModule>('../../src/process/guard.js');
    loaded.push(new Guard(path));
  });
  jest.dontMock('node:child_process');
  return { guard: loaded[0]!, shells };
}

describe('Guard', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);
  afterEach(() => jest.useRealTimers());

  it('starts one shell, with the first program, and writes it each group that begins or ends', () => {
    const { guard, shells } = guardOfFakes();
    expect(guard.pid).toBeUndefined();
    guard.add(-10);
    guard.add(-20);
    guard.delete(-10);
    guard.delete(-10);
    guard.delete(-30);
    expect(shells.map(({ first }) => first)).toEqual([['-10']]);
    expect(shells.map(({ told }) => told)).toEqual([['+ -20\n', '- -10\n']]);
    expect(guard.pid).toBe(500);
  });

  it('keeps its shell out of the way: no environment, no terminal, no reference', () => {
    const { guard, shells } = guardOfFakes();
    guard.add(-10);
    const [{ file, options, unref, stdin }] = shells as [FakeShell];
    expect(file).toBe('/bin/sh');
    expect(options).toEqual({
      detached: true,
      cwd: '/',
      env: {},
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    expect(unref).toHaveBeenCalled();
    expect(stdin.unref).toHaveBeenCalled();
    expect(() => stdin.emit('error', new Error('EPIPE'))).not.toThrow();
  });

  it('runs one constant script, whatever the programs, which are numbers to it', () => {
    const argsFor = (...ids: number[]) => {
      const { guard, shells } = guardOfFakes();
      for (const id of ids) guard.add(id);
      const [{ told, first, args }] = shells as [FakeShell];
      expect(told.join('')).toMatch(/^(\+ -?\d+\n)*$/);
      expect(first.join(' ')).toMatch(/^-?\d+$/);
      return args.slice(0, 3);
    };
    const args = argsFor(-1);
    expect(args).toEqual(['-c', expect.any(String), 'simple-ipc guard']);
    expect(argsFor(-2, 3, -4)).toEqual(args);
  });

  it('is back with the whole list when its shell ends', () => {
    const { guard, shells } = guardOfFakes();
    guard.add(-10);
    guard.add(-20);
    guard.add(-30);
    guard.delete(-20);
    shells[0]!.emit('exit', null, 'SIGKILL');
    expect(shells[1]!.first).toEqual(['-10', '-30']);
    expect(guard.pid).toBe(501);
  });

  it('is back only when there is something to guard', () => {
    const { guard, shells } = guardOfFakes();
    guard.add(-10);
    guard.delete(-10);
    shells[0]!.emit('exit', 0, null);
    expect(shells).toHaveLength(1);
    guard.add(-20);
    expect(shells[1]!.first).toEqual(['-20']);
  });

  it('gives up a shell that ends three times at once, with a warning', () => {
    const { guard, shells } = guardOfFakes();
    guard.add(-10);
    for (let i = 0; i < 3; i++) shells[i]!.emit('error', new Error('spawn /bin/sh ENOENT'));
    guard.add(-20);
    expect(shells).toHaveLength(3);
    expect(takeWarnings()).toEqual(['/bin/sh cannot guard: programs may outlive this process']);
  });

  it('does not throw where the shell cannot even be spawned', () => {
    const { guard, shells } = guardOfFakes('/bin/\0sh');
    for (const id of [-10, -20, -30, -40]) expect(() => guard.add(id)).not.toThrow();
    expect(shells).toHaveLength(0);
    expect(takeWarnings()).toEqual([expect.stringContaining('cannot guard')]);
  });

  it('does not give up a shell that now and then ends', () => {
    jest.useFakeTimers();
    const { guard, shells } = guardOfFakes();
    guard.add(-10);
    for (let i = 0; i < 9; i++) {
      jest.advanceTimersByTime(1_000);
      shells[i]!.emit('exit', null, 'SIGKILL');
    }
    expect(shells).toHaveLength(10);
  });

  it.each(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM'])(
    'waits while the system is short (%s)',
    (code) => {
      jest.useFakeTimers();
      const { guard, shells } = guardOfFakes();
      guard.add(-10);
      for (let i = 0; i < 9; i++) {
        shells[i]!.emit('error', Object.assign(new Error(code), { code }));
        expect(shells).toHaveLength(i + 1);
        jest.advanceTimersByTime(250);
        expect(shells).toHaveLength(i + 2);
      }
    },
  );

  it('ignores events of a shell that was replaced', () => {
    const { guard, shells } = guardOfFakes();
    guard.add(-10);
    shells[0]!.emit('exit', 1, null);
    shells[0]!.emit('error', new Error('late'));
    expect(shells).toHaveLength(2);
  });
});

const onPosix = process.platform === 'win32' ? describe.skip : describe;

onPosix('the script of the guard, in a real shell,', () => {
  afterEach(cleanUp);

  // The ids are beyond what any system gives.

  /** Prints signals instead of sending them; the ids in `alive` exist. `$tired` sleeps later, the ids in `$polite` are gone. */
  const PRELUDE = `
    kill() { echo "kill $*"; case " $alive " in *" $4 "*) return 0 ;; esac; return 1; }
    sleep() { echo "sleep $1"; sleeps=$((sleeps + 1)); [ $sleeps = "$tired" ] && alive=$stubborn; return $broken; }
    sleeps=0
  `;

  interface Scene {
    /** The ids that exist. */
    readonly alive?: string;
    /** After so many sleeps … */
    readonly tired?: string;
    /** … only these do. */
    readonly stubborn?: string;
    /** The exit code of `sleep`. */
    readonly broken?: string;
  }

  function end(
    told: readonly string[],
    scene: Scene = {},
    first: readonly string[] = [],
  ): Promise<string[]> {
    const { guard, shells } = guardOfFakes();
    guard.add(-1);
    const script = shells[0]!.args[1]!;
    const env = { alive: '', tired: '', stubborn: '', broken: '0', ...scene };
    const command = ['/bin/sh', '-c', PRELUDE + script, 'guard', ...first];
    return lastValueFrom(fromCommand(command, { input: from(told), env }).pipe(toArray()));
  }

  const rounds = (count: number, ...ids: string[]) =>
    Array.from({ length: count }, () => ['sleep 0.1', ...ids.map((id) => `kill -s 0 -- ${id}`)]);

  it('does nothing if nothing is on its list', async () => {
    expect(await end([])).toEqual([]);
    expect(await end(['+ -900000010', '- -900000010'])).toEqual([]);
  });

  it('begins with the list in its arguments', async () => {
    const asked = await end(['- -900000010'], {}, ['-900000010', '-900000020', '-900000030']);
    expect(asked).toEqual(['kill -s TERM -- -900000020', 'kill -s TERM -- -900000030']);
  });

  it('asks a group to end, wakes it, waits a second, then makes it', async () => {
    expect(await end(['+ -900000010'], { alive: '-900000010' })).toEqual([
      'kill -s TERM -- -900000010',
      'kill -s CONT -- -900000010',
      ...rounds(10, '-900000010').flat(),
      'kill -s KILL -- -900000010',
    ]);
  });

  it('never signals a group again that was gone: the system may have given its id away', async () => {
    expect(
      await end(['+ -900000010', '+ -900000020'], { alive: '-900000020', tired: '2' }),
    ).toEqual([
      'kill -s TERM -- -900000010',
      'kill -s TERM -- -900000020',
      'kill -s CONT -- -900000020',
      ...rounds(2, '-900000020').flat(),
    ]);
  });

  it('goes on with those that are left', async () => {
    const scene = { alive: '-900000010 -900000020 -900000030', tired: '1', stubborn: '-900000020' };
    expect(await end(['+ -900000010', '+ -900000020', '+ -900000030'], scene)).toEqual([
      ...['TERM', 'CONT'].flatMap((s) =>
        ['-900000010', '-900000020', '-900000030'].map((id) => `kill -s ${s} -- ${id}`),
      ),
      ...rounds(1, '-900000010', '-900000020', '-900000030').flat(),
      ...rounds(9, '-900000020').flat(),
      'kill -s KILL -- -900000020',
    ]);
  });

  it('waits no second where there is no sleep', async () => {
    expect(await end(['+ -900000010'], { alive: '-900000010', broken: '127' })).toEqual([
      'kill -s TERM -- -900000010',
      'kill -s CONT -- -900000010',
      'sleep 0.1',
      'kill -s KILL -- -900000010',
    ]);
  });

  it.each([
    ['the first', ['-90000001'], ['-900000011', '-9000000111', '-900000012']],
    ['one in the middle', ['-900000011'], ['-90000001', '-9000000111', '-900000012']],
    ['the last', ['-900000012'], ['-90000001', '-900000011', '-9000000111']],
    ['one that is part of others', ['-90000001', '-900000011'], ['-9000000111', '-900000012']],
    [
      'one that is not on it',
      ['-90000002', '900000011'],
      ['-90000001', '-900000011', '-9000000111', '-900000012'],
    ],
    ['all', ['-900000012', '-9000000111', '-900000011', '-90000001'], []],
  ])('strikes %s off its list, and no other', async (_, struck, left) => {
    const told = [
      '+ -90000001',
      '+ -900000011',
      '+ -9000000111',
      '+ -900000012',
      ...struck.map((id) => `- ${id}`),
    ];
    expect(await end(told)).toEqual(left.map((id) => `kill -s TERM -- ${id}`));
  });

  it('takes an id on its list again', async () => {
    expect(await end(['+ -900000010', '- -900000010', '+ -900000010'])).toEqual([
      'kill -s TERM -- -900000010',
    ]);
  });

  it('keeps a list of thousands', async () => {
    const ids = numbers(2_000).map((id) => `-9000000${id}1`);
    const told = [...ids.map((id) => `+ ${id}`), ...ids.slice(0, 1_000).map((id) => `- ${id}`)];
    expect(await end(told)).toEqual(ids.slice(1_000).map((id) => `kill -s TERM -- ${id}`));
  });
});
