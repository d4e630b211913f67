import type { spawn, SpawnOptions } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type * as simpleIpc from 'simple-ipc';
import { windowsTree } from '../../src/process/windowsTree.js';
import { onWindows } from '../support/onWindows.js';
import { cleanUp, temporaryFolder } from '../support/programs.js';

/** Calls of `spawn`, with what it would have started. */
class Started extends EventEmitter {
  readonly stdin = new PassThrough().resume();
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  constructor(
    readonly file: string,
    readonly args: readonly string[],
    readonly options: SpawnOptions,
    readonly pid: number,
  ) {
    super();
    setImmediate(() => this.emit('spawn'));
  }
  exit(code: number): void {
    this.exitAlone(code);
    this.stdout.end();
    this.stderr.end();
  }

  /** Exits, but a descendant holds the pipes. */
  exitAlone(code: number): void {
    this.emit('exit', code, null);
  }
}

function recordStarts() {
  const started: Started[] = [];
  const run = (file: string, args: readonly string[], options: SpawnOptions) => {
    const child = new Started(file, args, options, 4_000 + started.length);
    started.push(child);
    return child;
  };
  return { started, run: run as unknown as typeof spawn };
}

/** An environment in which there is one program. */
function pathWith(name: string): NodeJS.ProcessEnv {
  const folder = temporaryFolder();
  writeFileSync(join(folder, name), '');
  chmodSync(join(folder, name), 0o755);
  return { PATH: folder };
}

const TASKKILL = /^[A-Z]:\\Windows\\System32\\taskkill\.exe$/i;
const POWERSHELL = /^[A-Z]:\\Windows\\System32\\WindowsPowerShell\\v1\.0\\powershell\.exe$/i;

describe('windowsTree', () => {
  afterEach(() => jest.restoreAllMocks());

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'ends the process and its descendants by taskkill at %s, without a shell or a window',
    (signal) => {
      const { started, run } = recordStarts();
      windowsTree(42, run).signal(signal);
      expect(started).toEqual([
        expect.objectContaining({
          file: expect.stringMatching(TASKKILL),
          args: ['/PID', '42', '/T', '/F'],
          options: { stdio: 'ignore', windowsHide: true },
        }),
      ]);
    },
  );

  it('does nothing at SIGCONT: nothing is ever stopped there', () => {
    const { started, run } = recordStarts();
    windowsTree(42, run).signal('SIGCONT');
    expect(started).toEqual([]);
  });

  it('never names the id again when the process has exited: the system may give it to a stranger', () => {
    const { started, run } = recordStarts();
    const tree = windowsTree(42, run);
    expect(tree.alive(false)).toBe(true);
    tree.exited();
    expect(tree.alive(false)).toBe(false);
    tree.signal('SIGTERM');
    tree.signal('SIGKILL');
    expect(started.filter(({ file }) => TASKKILL.test(file))).toEqual([]);
  });

  it('ends the process alone where there is no taskkill', () => {
    const kill = jest.spyOn(process, 'kill').mockReturnValue(true);
    const { started, run } = recordStarts();
    windowsTree(42, run).signal('SIGKILL');
    started[0]!.emit('error', new Error('spawn taskkill ENOENT'));
    expect(kill.mock.calls).toEqual([[42, 'SIGKILL']]);
  });

  it.each([1, 128, 255])('ends the process alone if taskkill fails with %d', (code) => {
    const kill = jest.spyOn(process, 'kill').mockReturnValue(true);
    const { started, run } = recordStarts();
    windowsTree(42, run).signal('SIGTERM');
    started[0]!.exit(code);
    expect(kill.mock.calls).toEqual([[42, 'SIGKILL']]);
  });

  it('leaves it at that if taskkill succeeds', () => {
    const kill = jest.spyOn(process, 'kill').mockReturnValue(true);
    const { started, run } = recordStarts();
    windowsTree(42, run).signal('SIGTERM');
    started[0]!.exit(0);
    expect(kill).not.toHaveBeenCalled();
  });

  it('does not mind if the process has ended by then', () => {
    jest.spyOn(process, 'kill').mockImplementation(() => {
      throw new Error('kill ESRCH');
    });
    const { started, run } = recordStarts();
    windowsTree(42, run).signal('SIGKILL');
    expect(() => started[0]!.emit('error', new Error('spawn taskkill ENOENT'))).not.toThrow();
  });

  it('lets it be if the process has exited before it is known that there is no taskkill', () => {
    const kill = jest.spyOn(process, 'kill').mockReturnValue(true);
    const { started, run } = recordStarts();
    const tree = windowsTree(42, run);
    tree.signal('SIGKILL');
    tree.exited();
    started[0]!.emit('error', new Error('spawn taskkill ENOENT'));
    expect(kill).not.toHaveBeenCalled();
  });
});

describe('windowsTree, after a program that exited by itself', () => {
  let kill: jest.SpyInstance;
  let now: number;
  beforeEach(() => {
    now = 100_000;
    jest.spyOn(Date, 'now').mockImplementation(() => now);
    kill = jest.spyOn(process, 'kill').mockReturnValue(true);
  });
  afterEach(() => jest.restoreAllMocks());

  /** A tree whose program, 42, has lived from 100,000 to 200,000. */
  function exited() {
    const { started, run } = recordStarts();
    const tree = windowsTree(42, run);
    now = 200_000;
    tree.exited();
    return { started, tree };
  }

  async function list(powershell: Started, rows: readonly string[]): Promise<void> {
    // In two pieces: a row may be cut anywhere.
    const text = rows.map((row) => `${row}\r\n`).join('');
    powershell.stdout.write(text.slice(0, 5));
    powershell.stdout.end(text.slice(5));
    await new Promise((resolve) => setImmediate(resolve));
    powershell.emit('close', 0, null);
  }

  const killed = () => kill.mock.calls.map(([pid]) => pid as number);

  it('looks for descendants while one holds a pipe, once, without a shell or a window', () => {
    const { started, tree } = exited();
    expect(tree.alive(true)).toBe(true);
    for (const signal of ['SIGTERM', 'SIGCONT', 'SIGKILL'] as const) tree.signal(signal);
    expect(started).toEqual([
      expect.objectContaining({
        file: expect.stringMatching(POWERSHELL),
        args: [
          '-NoProfile',
          '-NonInteractive',
          '-Command',
          expect.stringContaining('Win32_Process'),
        ],
        options: expect.objectContaining({ windowsHide: true, timeout: 10_000 }),
      }),
    ]);
    expect(started[0]!.options.shell).toBeUndefined();
    expect(tree.alive(true)).toBe(true);
  });

  it('ends them and theirs, and nobody else', async () => {
    const { started, tree } = exited();
    tree.signal('SIGTERM');
    await list(started[0]!, [
      '4 0 1000',
      '50 42 150000',
      '51 50 160000',
      '52 51 900000',
      '60 7 150000',
      // Of a process that had the id before, of one that has got it since.
      '70 42 99000',
      '71 42 201000',
      // Older than the process that has the id of its parent now.
      '72 50 140000',
      'The term "x" is not recognized',
      '80 42',
    ]);
    expect(killed().sort()).toEqual([50, 51, 52]);
    expect(tree.alive(true)).toBe(false);
  });

  it('does not mind if they have ended by then', async () => {
    kill.mockImplementation(() => {
      throw new Error('kill ESRCH');
    });
    const { started, tree } = exited();
    tree.signal('SIGTERM');
    await list(started[0]!, ['50 42 150000', '51 42 150000']);
    expect(killed()).toEqual([50, 51]);
    expect(tree.alive(true)).toBe(false);
  });

  it('gives up where there is no PowerShell', () => {
    const { started, tree } = exited();
    tree.signal('SIGTERM');
    started[0]!.emit('error', new Error('spawn powershell ENOENT'));
    expect(tree.alive(true)).toBe(false);
  });

  it('looks for none after taskkill has ended the tree', () => {
    const { started, run } = recordStarts();
    const tree = windowsTree(42, run);
    tree.signal('SIGTERM');
    tree.exited();
    expect(tree.alive(true)).toBe(false);
    tree.signal('SIGKILL');
    expect(started).toHaveLength(1);
  });
});

describe('a worker on Windows', () => {
  afterEach(cleanUp);

  function load() {
    const { started, run } = recordStarts();
    jest.doMock('child_process', () => ({ spawn: run }));
    jest.doMock('node:child_process', () => ({ spawn: run }));
    const loaded = onWindows(() => jest.requireActual<typeof simpleIpc>('../../src/index.js'));
    jest.dontMock('child_process').dontMock('node:child_process');
    return { started, createWorker: loaded.createWorker };
  }

  it('is started without a shell, a window or a guard, in the group of its host', () => {
    const { started, createWorker } = load();
    const env = pathWith('program.EXE');
    const worker = createWorker(['program', '"a" & %b%', ''], { env });
    expect(started).toHaveLength(1);
    const { file, args, options } = started[0]!;
    expect([file, ...args]).toEqual([join(env.PATH ?? '', 'program.EXE'), '"a" & %b%', '']);
    expect(options).toMatchObject({ argv0: 'program', detached: false, windowsHide: true });
    expect(options.shell).toBeUndefined();
    started[0]!.exit(0);
    return worker.stop();
  });

  it('is stopped by end-of-file, then by taskkill, at SIGTERM and again at SIGKILL', async () => {
    const { started, createWorker } = load();
    const stop = { endInputMs: 0, terminateMs: 0 };
    const worker = createWorker('program', { env: pathWith('program.EXE'), stop });
    const recorded: string[] = [];
    worker.status$.subscribe((status) => {
      const stage = status.state === 'stopping' ? ` ${status.stage}` : '';
      recorded.push(`${status.state}${stage}, ${started.length - 1} taskkill`);
      // The third program is the second taskkill, which succeeds.
      if (stage === ' kill') setImmediate(() => started[0]!.exit(1));
    });
    await new Promise(setImmediate);
    const ended = jest.fn();
    started[0]!.stdin.on('end', ended);
    await worker.stop();
    expect(ended).toHaveBeenCalled();
    expect(recorded).toEqual([
      'starting, 0 taskkill',
      'running, 0 taskkill',
      'stopping eof, 0 taskkill',
      'stopping term, 0 taskkill',
      'stopping kill, 1 taskkill',
      'stopped, 2 taskkill',
    ]);
    for (const { file, args } of started.slice(1)) {
      expect(file).toMatch(TASKKILL);
      expect(args).toEqual(['/PID', '4000', '/T', '/F']);
    }
  });

  it('is run by cmd.exe if it is a batch file, with every argument escaped', async () => {
    const { started, createWorker } = load();
    const env = pathWith('shim.CMD');
    const worker = createWorker(['shim', 'a & b', '%c%'], { env });
    const { file, args, options } = started[0]!;
    expect(file).toMatch(/cmd\.exe$/);
    const shim = join(env.PATH ?? '', 'shim.CMD');
    const command = `${shim} ^"a^ ^&^ b^" ^"^%c^%^"`;
    expect(args).toEqual(['/d', '/v:off', '/s', '/c', `"${command}"`]);
    expect(options).toMatchObject({ windowsVerbatimArguments: true });
    expect(options.shell).toBeUndefined();
    started[0]!.exit(0);
    await worker.stop();
  });

  it('is not started if cmd.exe could misread an argument, with the reason', async () => {
    const { started, createWorker } = load();
    const worker = createWorker(['shim', 'a\nb'], { env: pathWith('shim.CMD') });
    const error = await new Promise<unknown>((resolve) => {
      worker.status$.subscribe((status) => {
        if (status.state === 'failed') resolve(status.error);
      });
    });
    expect(error).toMatchObject({
      name: 'SpawnError',
      message: expect.stringMatching(/^"shim .*" could not be started: .* a line break /),
    });
    expect(started).toEqual([]);
  });

  it('is not started if its name is not found: cmd.exe, which has a del of its own, never gets it', async () => {
    const { started, createWorker } = load();
    const worker = createWorker(['del', 'file'], { env: { PATH: temporaryFolder() } });
    const states: string[] = [];
    const error = await new Promise<unknown>((resolve) => {
      worker.status$.subscribe((status) => {
        states.push(status.state);
        if (status.state === 'failed') resolve(status.error);
      });
    });
    expect(error).toMatchObject({ name: 'SpawnError', code: 'ENOENT' });
    expect(states).toEqual(['starting', 'exited', 'failed']);
    expect(started).toEqual([]);
  });

  it('that ends by itself while a descendant holds its output is over when that is ended', async () => {
    const kill = jest.spyOn(process, 'kill').mockReturnValue(true);
    const { started, createWorker } = load();
    const worker = createWorker('program', { env: pathWith('program.EXE'), stop: { drainMs: 10 } });
    await new Promise(setImmediate);
    const [program] = started as [Started];
    const createdAt = Date.now();
    program.exitAlone(0);
    while (started.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    const [, powershell] = started as [Started, Started];
    expect(powershell.file).toMatch(POWERSHELL);
    kill.mockImplementation(() => {
      // The descendant is gone, and the pipes with it.
      program.exit(0);
      return true;
    });
    powershell.stdout.end(`77 ${program.pid} ${createdAt}\r\n`);
    await new Promise(setImmediate);
    powershell.emit('close', 0, null);
    await worker.stop();
    expect(kill.mock.calls).toEqual([[77, 'SIGKILL']]);
    expect(started).toHaveLength(2);
  });
});
