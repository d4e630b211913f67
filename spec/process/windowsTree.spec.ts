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
    this.emit('exit', code, null);
    this.stdout.end();
    this.stderr.end();
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

const TASKKILL = /^[A-Z]:\\Windows\\System32\\taskkill\.exe$/;

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
    expect(tree.alive()).toBe(true);
    tree.exited();
    tree.signal('SIGTERM');
    tree.signal('SIGKILL');
    expect(started).toEqual([]);
    expect(tree.alive()).toBe(false);
  });

  it('ends the process alone where there is no taskkill', () => {
    const kill = jest.spyOn(process, 'kill').mockReturnValue(true);
    const { started, run } = recordStarts();
    windowsTree(42, run).signal('SIGKILL');
    started[0]!.emit('error', new Error('spawn taskkill ENOENT'));
    expect(kill.mock.calls).toEqual([[42, 'SIGKILL']]);
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
    expect([file, ...args]).toEqual(['program', '"a" & %b%', '']);
    expect(options).toMatchObject({ detached: false, windowsHide: true });
    expect(options.shell).toBeUndefined();
    started[0]!.exit(0);
    return worker.stop();
  });

  it('is stopped by end-of-file, then by taskkill, at SIGTERM and again at SIGKILL', async () => {
    const { started, createWorker } = load();
    const stop = { endInputMs: 0, terminateMs: 0 };
    const worker = createWorker('program', { env: pathWith('program.EXE'), stop });
    const told: string[] = [];
    worker.status$.subscribe((status) => {
      const stage = status.state === 'stopping' ? ` ${status.stage}` : '';
      told.push(`${status.state}${stage}, ${started.length - 1} taskkill`);
      // The third program is the second taskkill, which succeeds.
      if (stage === ' kill') setImmediate(() => started[0]!.exit(1));
    });
    await new Promise(setImmediate);
    const ended = jest.fn();
    started[0]!.stdin.on('end', ended);
    await worker.stop();
    expect(ended).toHaveBeenCalled();
    expect(told).toEqual([
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
    const worker = createWorker(['shim', 'a & b', '%c%'], { env: pathWith('shim.CMD') });
    const { file, args, options } = started[0]!;
    expect(file).toMatch(/cmd\.exe$/);
    const command = String.raw`shim ^"a^ ^&^ b^" ^"^%c^%^"`;
    expect(args).toEqual(['/d', '/s', '/c', `"${command}"`]);
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
});
