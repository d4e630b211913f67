import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  BehaviorSubject,
  delay,
  EMPTY,
  filter,
  NEVER,
  Observable,
  of,
  Subject,
  tap,
  throwError,
  from,
} from 'rxjs';
import {
  createWorker,
  ExitError,
  FramingError,
  InputClosedError,
  InputOverflowError,
  LineBreakError,
  lines,
  NotRunningError,
  restartOnExit,
  SimpleIpcError,
  SpawnError,
  StartTimeoutError,
  StopError,
  type ReactiveWorker,
  type RejectedInput,
  type WorkerOptions,
} from 'simple-ipc';
import {
  cleanUp,
  collectUnhandled,
  eventually,
  expectSame,
  first,
  fixture,
  groupOf,
  host,
  inShort,
  isAlive,
  node,
  numbers,
  record,
  sh,
  takeWarnings,
  temporaryFolder,
  until,
  use,
  watchWarnings,
} from '../support/programs.js';

const onLinux = process.platform === 'linux' ? it : it.skip;
const withProgram = (name: string) =>
  spawnSync(name, ['--version'], { input: '' }).error ? it.skip : it;

/** Times for programs that end only by a signal. */
const quickStop = { endInputMs: 20 };

const isAtRest = (worker: ReactiveWorker) =>
  ['stopped', 'exited', 'failed'].includes(worker.status$.value.state);

const valuesOf = <In>(rejected: readonly RejectedInput<In>[]) => rejected.map(({ value }) => value);

describe('createWorker', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  /** Creates a worker for this test, and records what it emits. */
  function start(command: string | readonly string[], options?: WorkerOptions) {
    const worker = use(createWorker(command, options));
    return { worker, recorded: record(worker) };
  }

  describe('wrong arguments', () => {
    const wrong: [string, any, any, ErrorConstructor][] = [
      ['no command', undefined, {}, TypeError],
      ['an empty command', ' ', {}, TypeError],
      ['an empty list', [], {}, TypeError],
      ['a list that holds a number', ['echo', 1], {}, TypeError],
      ['NUL in the command', ['echo', 'a\0b'], {}, TypeError],
      ['NUL in cwd', 'cat', { cwd: '/\0' }, TypeError],
      ['NUL in argv0', 'cat', { argv0: '\0' }, TypeError],
      ['NUL in a value of env', 'cat', { env: { A: 'a\0b' } }, TypeError],
      ['NUL in a name of env', 'cat', { env: { 'A\0B': 'a' } }, TypeError],
      ['start that is no boolean', 'cat', { start: 'yes' }, TypeError],
      ['supervise that is no function', 'cat', { supervise: {} }, TypeError],
      ['a codec that is no object', 'cat', { codec: 'lines' }, TypeError],
      ['ready that is no function', 'cat', { ready: 'ready' }, TypeError],
      ['an unknown stderr', 'cat', { stderr: 'ignore' }, TypeError],
      ['successExits that is no list', 'cat', { successExits: 1 }, TypeError],
      ['a negative success exit', 'cat', { successExits: [-1] }, RangeError],
      ['a fraction as replay', 'cat', { replay: 1.5 }, RangeError],
      ['a negative time', 'cat', { stop: { endInputMs: -1 } }, RangeError],
      ['a time that is NaN', 'cat', { startTimeoutMs: NaN }, RangeError],
      ['a time as text', 'cat', { stop: { killMs: '1' } }, TypeError],
      ['a size that is NaN', 'cat', { maxPendingBytes: NaN }, RangeError],
    ];

    it.each(wrong)('throws for %s, and starts nothing', (_, command, options, error) => {
      expect(() => use(createWorker(command, options))).toThrow(error);
    });
  });

  describe('output$', () => {
    it('emits each line exactly as it was written', async () => {
      const { worker, recorded } = start([
        'printf',
        String.raw`a\r\n\nb\rc\r\r\n \t\n\342\200\250\n\357\273\277d\nlast\r`,
      ]);
      await until(worker, 'exited');
      expect(recorded.output).toEqual(['a', '', 'b\rc\r', ' \t', '\u2028', '\uFEFFd', 'last\r']);
    });

    it('emits nothing for a program that writes nothing', async () => {
      const { worker, recorded } = start('true');
      await until(worker, 'exited');
      expect(recorded.output).toEqual([]);
    });

    it('puts characters together that arrive a byte at a time', async () => {
      const { worker, recorded } = start(fixture('byteByByte.mjs', 'é€\r\n😀\n\nß'));
      await until(worker, 'exited');
      expect(recorded.output).toEqual(['é€', '😀', '', 'ß']);
    });

    it('shows malformed bytes as U+FFFD, and loses nothing beside them', async () => {
      const { worker, recorded } = start(['printf', String.raw`a\377b\n\303\nc\342\202`]);
      await until(worker, 'exited');
      expect(recorded.output).toEqual(['a\uFFFDb', '\uFFFD', 'c\uFFFD']);
    });

    it('emits all that was written before the exit, then `exited` follows', async () => {
      const { worker, recorded } = start('seq 200000');
      await until(worker, 'exited');
      const last = 200_000 + ['starting', 'running'].length;
      expect(recorded.all.indexOf('exited')).toBe(last);
      expectSame(recorded.output, numbers(200_001).slice(1));
    });

    it('emits a line of 40 MB', async () => {
      const { worker, recorded } = start(
        sh('head -c 40000000 /dev/zero | tr "\\0" a; echo b; echo c'),
      );
      await until(worker, 'exited');
      expect(recorded.output.map((line) => line.length)).toEqual([40_000_001, 1]);
      expect(recorded.output[0]?.endsWith('aab')).toBe(true);
    });

    it('emits the lines before one that is longer than maxLineBytes, which fails the run', async () => {
      const { worker, recorded } = start(sh('echo short; printf %040d 1; exec cat'), {
        maxLineBytes: 30,
      });
      const { error, exits } = await until(worker, 'failed');
      expect(recorded.output).toEqual(['short']);
      expect(error).toBeInstanceOf(FramingError);
      expect(error.message).toContain('maxLineBytes (30)');
      expect(exits).toMatchObject([{ reason: 'framing' }]);
      expect(recorded.statuses).toContainEqual(
        expect.objectContaining({ state: 'stopping', cause: 'framing' }),
      );
    });

    it('emits what a descendant still writes after the exit of the program', async () => {
      const { worker, recorded } = start(sh('(sleep 0.2; seq 1000) & echo main'), {
        stop: { drainMs: 30_000 },
      });
      await until(worker, 'exited');
      expect(recorded.output).toEqual(['main', ...numbers(1_001).slice(1)]);
      expect(recorded.all.at(-1)).toBe('exited');
    });

    it('emits what was written so far when a descendant holds the pipe for too long', async () => {
      const { worker, recorded } = start(sh('sleep 1000 & echo $!'), { stop: { drainMs: 50 } });
      await until(worker, 'exited');
      expect(recorded.output.map(Number).filter(isAlive)).toEqual([]);
      expect(recorded.output).toHaveLength(1);
    });

    onLinux(
      'emits all that was written without waiting for a descendant in a session of its own',
      async () => {
        const { worker, recorded } = start(sh('setsid sleep 1000 & echo $!; exec seq 200000'), {
          stop: { drainMs: 0 },
        });
        const { exit } = await until(worker, 'exited');
        const [pid, ...output] = recorded.output;
        process.kill(Number(pid), 'SIGKILL');
        expect(exit.reason).toBe('success');
        expectSame(output, numbers(200_001).slice(1));
      },
    );

    it('spans lives', async () => {
      const { worker, recorded } = start('echo again');
      await until(worker, 'exited');
      worker.start();
      await until(worker, 'exited');
      expect(recorded.output).toEqual(['again', 'again']);
    });

    it('gives a late subscriber nothing of what came before', async () => {
      const { worker } = start('cat');
      worker.send.next('early');
      await first(worker.output$);
      const late: string[] = [];
      worker.output$.subscribe((line) => late.push(line));
      worker.send.next('late');
      await first(worker.output$);
      expect(late).toEqual(['late']);
    });

    it('gives a late subscriber the last `replay` values, of stderr$ too', async () => {
      const { worker } = start(sh('seq 5; echo a >&2; echo b >&2; echo c >&2'), { replay: 2 });
      await until(worker, 'exited');
      const late: string[] = [];
      worker.output$.subscribe((line) => late.push(line));
      worker.stderr$.subscribe((line) => late.push(line));
      expect(late).toEqual(['4', '5', 'b', 'c']);
    });

    it('goes on for the others when a subscriber throws', async () => {
      const errors = collectUnhandled();
      const { worker, recorded } = start('seq 3', { start: false });
      worker.output$.subscribe((line) => {
        throw new Error(`cannot take ${line}`);
      });
      const after: string[] = [];
      worker.output$.subscribe((line) => after.push(line));
      worker.start();
      await until(worker, 'exited');
      expect([recorded.output, after]).toEqual([
        ['1', '2', '3'],
        ['1', '2', '3'],
      ]);
      await eventually(() => errors.length === 3);
    });

    it('goes on for the others when a subscriber comes and another goes during a value', async () => {
      const { worker, recorded } = start('seq 4', { start: false });
      const leaving: string[] = [];
      const coming: string[] = [];
      const subscription = worker.output$.subscribe((line) => {
        leaving.push(line);
        if (line !== '2') return;
        subscription.unsubscribe();
        // eslint-disable-next-line rxjs-x/no-nested-subscribe -- that is the point
        worker.output$.subscribe((later) => coming.push(later));
      });
      const after: string[] = [];
      worker.output$.subscribe((line) => after.push(line));
      worker.start();
      await until(worker, 'exited');
      expect({ leaving, coming, after }).toEqual({
        leaving: ['1', '2'],
        coming: ['3', '4'],
        after: recorded.output,
      });
    });
  });

  describe('status$', () => {
    it('emits a run from `starting` to `exited`', async () => {
      const { worker, recorded } = start('true');
      const { exit } = await until(worker, 'exited');
      const [, running] = recorded.statuses;
      expect(recorded.statuses).toEqual([
        { state: 'starting', generation: 1, pid: expect.any(Number) },
        { state: 'running', generation: 1, pid: expect.any(Number) },
        { state: 'exited', exit },
      ]);
      expect(running).toHaveProperty('pid', (recorded.statuses[0] as { pid: number }).pid);
      expect(exit).toEqual({
        command: ['true'],
        generation: 1,
        code: 0,
        signal: null,
        reason: 'success',
        uptimeMs: expect.any(Number),
        stderrTail: '',
      });
      expect(exit.uptimeMs).toBeGreaterThan(0);
    });

    it('is a BehaviorSubject that only the worker writes', () => {
      const { worker } = start('cat', { start: false });
      const { status$ } = worker;
      expect(status$).toBeInstanceOf(BehaviorSubject);
      for (const method of ['next', 'error', 'complete', 'unsubscribe'] as const) {
        const write = status$[method];
        expect(() => write.call(status$)).toThrow(TypeError);
      }
      expect(status$.value).toEqual({ state: 'stopped' });
      expect(status$.closed).toBe(false);
    });

    it('gives the program that it names', async () => {
      const { worker, recorded } = start(sh('echo $$; exec cat'));
      const { pid } = await until(worker, 'running');
      await first(worker.output$);
      expect(recorded.output).toEqual([String(pid)]);
    });

    it.each([
      ['an exit code', sh('exit 3'), { code: 3, signal: null, reason: 'exit-code' }],
      ['a signal of its own', sh('kill -KILL $$'), { code: null, signal: 'SIGKILL' }],
      ['SIGTERM, if we did not ask', sh('kill $$'), { signal: 'SIGTERM', reason: 'signal' }],
    ])('emits `exited` for %s, then rests at `failed`', async (_, command, expected) => {
      const { worker, recorded } = start(command);
      const { error, exits } = await until(worker, 'failed');
      expect(recorded.states).toEqual(['starting', 'running', 'exited', 'failed']);
      expect(exits).toMatchObject([expected]);
      expect(error).toBeInstanceOf(ExitError);
      expect(error).toHaveProperty('exit', exits[0]);
      expect(error.command).toEqual(command);
    });

    it('emits `failed` for a kill from outside', async () => {
      const { worker } = start('cat');
      const { pid } = await until(worker, 'running');
      process.kill(pid, 'SIGSEGV');
      const { error } = await until(worker, 'failed');
      expect(error.message).toBe('"cat" was ended by SIGSEGV');
    });

    it('takes the successExits for a success', async () => {
      const { worker } = start(sh('exit 3'), { successExits: [0, 3] });
      const { exit } = await until(worker, 'exited');
      expect(exit).toMatchObject({ code: 3, reason: 'success' });
    });

    it('takes 0 for a failure if it is none of the successExits', async () => {
      const { worker } = start('true', { successExits: [1] });
      const { error } = await until(worker, 'failed');
      expect(error).toBeInstanceOf(ExitError);
    });

    it('reports a failure that nobody observes by a warning', async () => {
      const worker = use(createWorker('false'));
      await eventually(() => isAtRest(worker));
      expect(takeWarnings()).toEqual(['"false" exited with code 1']);
    });

    it('shows all subscribers the same order when one stops and starts from inside', async () => {
      const worker = use(createWorker('cat', { start: false }));
      const seen: string[] = [];
      worker.status$.subscribe((status) => {
        seen.push(status.state);
        if (status.state === 'running' && status.generation === 1) void worker.stop();
        if (status.state === 'stopped' && status.exit?.generation === 1) worker.start();
      });
      const seenAfter: string[] = [];
      worker.status$.subscribe(({ state }) => seenAfter.push(state));
      worker.start();
      await eventually(() => seenAfter.filter((state) => state === 'running').length === 2);
      const firstLife = ['stopped', 'starting', 'running', 'stopping', 'stopped'];
      expect(seenAfter).toEqual([...firstLife, 'starting', 'running']);
      expect(seen).toEqual(seenAfter);
    });

    it('shows all subscribers the same order when one stops and starts at `running`', async () => {
      const worker = use(createWorker('cat', { start: false }));
      const seen: string[] = [];
      worker.status$.subscribe((status) => {
        if (status.state !== 'running' || status.generation !== 1) return;
        void worker.stop();
        worker.start();
        void worker.stop();
        worker.start();
      });
      worker.status$.subscribe(({ state }) => seen.push(state));
      const recorded = record(worker);
      worker.start();
      await eventually(() => seen.filter((state) => state === 'running').length === 2);
      expect(seen).toEqual(recorded.statuses.map(({ state }) => state));
      expect(seen.slice(2)).toEqual(['running', 'stopping', 'stopped', 'starting', 'running']);
    });

    it('shows the policy the same order when a subscriber ends the run at `starting`', async () => {
      const seenByPolicy: string[] = [];
      const { worker, recorded } = start('cat', {
        start: false,
        supervise: tap((status) => seenByPolicy.push(inShort(status))),
      });
      worker.status$.subscribe((status) => {
        if (status.state === 'starting' && status.generation === 1) void worker.restart();
      });
      worker.start();
      await until(worker, 'running');
      expect(recorded.states).toEqual([
        'stopped',
        'starting',
        'stopping eof',
        'starting',
        'running',
      ]);
      expect(seenByPolicy).toEqual(recorded.states.slice(1));
    });

    it('goes on for the others when a subscriber throws', async () => {
      const errors = collectUnhandled();
      const worker = use(createWorker('true', { start: false }));
      worker.status$.subscribe(({ state }) => {
        throw new Error(`cannot take ${state}`);
      });
      const recorded = record(worker);
      worker.start();
      await until(worker, 'exited');
      expect(recorded.states).toEqual(['stopped', 'starting', 'running', 'exited']);
      await eventually(() => errors.length === 4);
    });
  });

  describe('a program that cannot be started', () => {
    const folder = () => temporaryFolder();
    function file(text: string, mode: number): string {
      const path = join(folder(), 'file');
      writeFileSync(path, text);
      chmodSync(path, mode);
      return path;
    }
    const refused: [string, () => [readonly string[], WorkerOptions?], string, string][] = [
      ['does not exist', () => [['no-such-program']], 'ENOENT', 'not found on the PATH'],
      [
        'is not on the PATH of env',
        () => [['cat'], { env: { PATH: '/nowhere' } }],
        'ENOENT',
        'not found on the PATH of the given env',
      ],
      ['does not exist at that path', () => [['./nowhere/cat']], 'ENOENT', 'no such file'],
      ['is not executable', () => [[file('', 0o600)]], 'EACCES', 'it is not executable'],
      ['is a directory', () => [[folder()]], 'EACCES', 'it is a directory'],
      ['lacks its interpreter', () => [[file('#!/nowhere\n', 0o700)]], 'ENOENT', 'interpreter'],
      ['has too long arguments', () => [['echo', 'a'.repeat(3e6)]], 'E2BIG', 'arguments'],
      ['has a cwd that is not there', () => [['cat'], { cwd: '/nowhere' }], 'ENOENT', 'cwd'],
      ['has a file as cwd', () => [['cat'], { cwd: file('', 0o600) }], 'ENOTDIR', 'cwd'],
    ];

    it.each(refused)('fails with a SpawnError if it %s', async (_, make, code, reason) => {
      const [command, options] = make();
      const { worker, recorded } = start(command, options);
      const { error, exits } = await until(worker, 'failed');
      expect(error).toBeInstanceOf(SpawnError);
      expect(error).toMatchObject({ code, command, reason: expect.stringContaining(reason) });
      expect(error.message).toContain(command[0]);
      expect(exits).toMatchObject([{ generation: 1, reason: 'spawn-error', code: null }]);
      expect(recorded.statuses).toMatchObject([
        { state: 'starting', generation: 1 },
        { state: 'exited' },
        { state: 'failed' },
      ]);
      expect(recorded.statuses[0]).not.toHaveProperty('pid');
      expect(recorded.output).toEqual([]);
    });

    it('can be stopped at once, without ever having been there', async () => {
      const { worker, recorded } = start('no-such-program');
      await worker.stop();
      expect(recorded.states.at(-1)).toBe('stopped');
      expect(recorded.states).not.toContain('running');
    });

    it('can be stopped at once if spawn itself throws', async () => {
      const { worker, recorded } = start(['echo', 'a'.repeat(3e6)]);
      await worker.stop();
      expect(recorded.states.at(-1)).toBe('stopped');
    });

    it('rejects what was sent', async () => {
      const { worker, recorded } = start('no-such-program');
      worker.send.next('lost');
      await until(worker, 'failed');
      expect(recorded.rejected).toMatchObject([
        { value: 'lost', error: expect.any(NotRunningError) },
      ]);
    });

    it('can be started once it is there', async () => {
      const path = join(folder(), 'program');
      const { worker, recorded } = start([path]);
      await until(worker, 'failed');
      writeFileSync(path, '#!/bin/sh\necho here\n');
      chmodSync(path, 0o700);
      worker.start();
      await until(worker, 'exited');
      expect(recorded.output).toEqual(['here']);
      expect(recorded.states).toEqual([
        ...['starting', 'exited', 'failed'],
        ...['starting', 'running', 'exited'],
      ]);
    });
  });

  describe('command', () => {
    it('is never shell text', async () => {
      const { worker, recorded } = start('echo $HOME ; * > a  b `id` && $(id)');
      await until(worker, 'exited');
      expect(recorded.output).toEqual(['$HOME ; * > a b `id` && $(id)']);
    });

    it('may hold anything in the items of a list', async () => {
      const words = ['a b', '', '"', "'", '\\', '$HOME', '*', 'é\n2'];
      const { worker, recorded } = start([
        ...node('console.log(JSON.stringify(process.argv.slice(1)))'),
        ...words,
      ]);
      await until(worker, 'exited');
      expect(JSON.parse(recorded.output.join())).toEqual(words);
    });

    it('is not changed by a change of the list', async () => {
      const command = ['echo', 'before'];
      const { worker, recorded } = start(command, { start: false });
      command[1] = 'after';
      worker.start();
      await until(worker, 'exited');
      expect(recorded.output).toEqual(['before']);
    });
  });

  describe('start', () => {
    it('waits for start() with `start: false`', async () => {
      const { worker, recorded } = start('cat', { start: false });
      expect(recorded.statuses).toEqual([{ state: 'stopped' }]);
      await worker.stop();
      expect(recorded.statuses).toEqual([{ state: 'stopped' }]);
      worker.start();
      await until(worker, 'running');
      expect(recorded.states).toEqual(['stopped', 'starting', 'running']);
    });

    it('does nothing while a life goes on', async () => {
      const { worker, recorded } = start('cat');
      worker.start();
      await until(worker, 'running');
      worker.start();
      await worker.stop();
      expect(recorded.states).toEqual(['starting', 'running', 'stopping eof', 'stopped']);
    });

    it.each([
      ['an end', 'true', 'exited'],
      ['a failure', 'false', 'failed'],
    ] as const)('begins another life after %s', async (_, command, rest) => {
      const { worker, recorded } = start(command);
      for (const generation of [1, 2, 3]) {
        await until(worker, rest);
        expect(recorded.statuses.filter(({ state }) => state === 'running')).toHaveLength(
          generation,
        );
        if (generation < 3) worker.start();
      }
    });

    it('begins another life after a stop', async () => {
      const { worker, recorded } = start('cat');
      await worker.stop();
      worker.start();
      worker.send.next('again');
      await first(worker.output$);
      await worker.stop();
      expect(recorded.output).toEqual(['again']);
      expect(recorded.statuses.at(-1)).toMatchObject({
        exit: { generation: 2, reason: 'stopped' },
      });
    });

    it('follows the ending life when it is called during a stop', async () => {
      const { worker, recorded } = start('cat');
      await until(worker, 'running');
      const stopped = worker.stop();
      worker.start();
      await stopped;
      await until(worker, 'running');
      expect(recorded.states).toEqual([
        ...['starting', 'running', 'stopping eof', 'stopped'],
        ...['starting', 'running'],
      ]);
    });

    it('is taken back by a stop in the same turn', async () => {
      const { worker, recorded } = start('cat');
      await until(worker, 'running');
      const stops = [worker.stop()];
      worker.start();
      stops.push(worker.stop());
      await Promise.all(stops);
      expect(recorded.states).toEqual(['starting', 'running', 'stopping eof', 'stopped']);
    });

    it('is taken back by a stop() from inside a status, however late', async () => {
      const { worker, recorded } = start('cat');
      worker.status$.subscribe((status) => {
        if (status.state === 'stopped' && status.exit) void worker.stop();
      });
      await until(worker, 'running');
      const stopped = worker.stop();
      worker.start();
      await stopped;
      expect(recorded.states).toEqual(['starting', 'running', 'stopping eof', 'stopped']);
    });

    it('begins another life when a subscriber calls it at `exited`', async () => {
      const { worker, recorded } = start('true', { start: false });
      worker.status$.subscribe((status) => {
        if (status.state === 'exited' && status.exit.generation === 1) worker.start();
      });
      worker.start();
      await eventually(() => recorded.states.filter((state) => state === 'exited').length === 2);
      expect(recorded.states.slice(1)).toEqual([
        ...['starting', 'running', 'exited'],
        ...['starting', 'running', 'exited'],
      ]);
    });

    it('begins another life when a subscriber calls it at `failed`', async () => {
      const { worker, recorded } = start('false', { start: false });
      worker.status$.subscribe((status) => {
        if (status.state === 'failed' && status.exits[0]?.generation === 1) worker.start();
      });
      worker.start();
      await eventually(() => recorded.states.filter((state) => state === 'failed').length === 2);
      expect(recorded.states).toHaveLength(9);
    });
  });

  describe('send', () => {
    it('takes strings, numbers, booleans and bigints', async () => {
      const { worker, recorded } = start('cat');
      const values = ['text', '', ' x ', 'é😀\u2028', 42, -0.5, NaN, true, false, 2n ** 70n];
      for (const value of values) worker.send.next(value);
      worker.send.complete();
      await until(worker, 'exited');
      expect(recorded.output).toEqual(values.map(String));
    });

    it('keeps the order of what is sent in one turn', async () => {
      const { worker, recorded } = start('cat');
      const sent = numbers(100_000);
      for (const value of sent) worker.send.next(value);
      worker.send.complete();
      await until(worker, 'exited');
      expectSame(recorded.output, sent);
    });

    it('keeps the order of what is sent turn by turn, from inside of output$ too', async () => {
      const { worker, recorded } = start('cat');
      worker.output$.subscribe((line) => {
        if (Number(line) < 500) worker.send.next(Number(line) + 1);
        else worker.send.complete();
      });
      worker.send.next(0);
      await until(worker, 'exited');
      expect(recorded.output).toEqual(numbers(501));
    });

    it('takes a value that is longer than any pipe', async () => {
      const { worker, recorded } = start('cat');
      const long = 'é'.repeat(3_000_000);
      for (const value of ['before', long, 'after']) worker.send.next(value);
      worker.send.complete();
      await until(worker, 'exited');
      expect(recorded.output).toEqual(['before', long, 'after']);
    });

    it('emits the values that are sent', async () => {
      const { worker } = start('cat');
      const seen: unknown[] = [];
      worker.send.subscribe((value) => seen.push(value));
      worker.send.next('a');
      worker.send.next('b');
      await first(worker.output$, (line) => line === 'b');
      expect(seen).toEqual(['a', 'b']);
    });

    it('is an observer: a source that completes ends the input', async () => {
      const { worker, recorded } = start('sort -n');
      from([3, 1, 2]).subscribe(worker.send);
      await until(worker, 'exited');
      expect(recorded.output).toEqual(['1', '2', '3']);
    });

    it('refuses to be unsubscribed', () => {
      const { worker } = start('cat', { start: false });
      // eslint-disable-next-line rxjs-x/no-subject-unsubscribe -- it is forbidden here too
      expect(() => worker.send.unsubscribe()).toThrow(TypeError);
    });

    it('ends the input of one run with complete(), and the next accepts input again', async () => {
      const { worker, recorded } = start('cat');
      for (const generation of [1, 2]) {
        worker.send.next(generation);
        worker.send.complete();
        await until(worker, 'exited');
        if (generation === 1) worker.start();
      }
      worker.start();
      worker.send.next(3);
      await first(worker.output$);
      expect(recorded.output).toEqual(['1', '2', '3']);
      expect(recorded.states.at(-1)).toBe('running');
    });

    it('ends the input of an idle run with complete()', async () => {
      const { worker, recorded } = start('cat');
      await until(worker, 'running');
      worker.send.complete();
      await until(worker, 'exited');
      expect(recorded.output).toEqual([]);
    });

    it('ends the input of the current run alone, when complete() is called again and again', async () => {
      const { worker, recorded } = start(sh('cat; exec sleep 1000'), { stop: quickStop });
      worker.send.next('1');
      worker.send.complete();
      await first(worker.output$);
      for (let again = 0; again < 2; again++) worker.send.complete();
      await stopAndStart(worker);
      worker.send.next('2');
      await first(worker.output$);
      expect(recorded.output).toEqual(['1', '2']);
    });

    it('does nothing with complete() at rest', async () => {
      const { worker, recorded } = start('cat', { start: false });
      worker.send.complete();
      worker.start();
      await until(worker, 'running');
      worker.send.next('here');
      await Promise.race([first(worker.output$), until(worker, 'exited')]);
      expect(recorded.output).toEqual(['here']);
      expect(recorded.rejected).toEqual([]);
    });

    it('keeps what is sent after complete() for the next run', async () => {
      const { worker, recorded } = start(sh('cat; exec sleep 1000'), { stop: quickStop });
      worker.send.next('this');
      worker.send.complete();
      // eslint-disable-next-line rxjs-x/no-redundant-notify -- it ends the input of one run
      worker.send.next('next');
      await first(worker.output$);
      await stopAndStart(worker);
      await first(worker.output$);
      expect(recorded.output).toEqual(['this', 'next']);
      expect(recorded.rejected).toEqual([]);
    });

    it('ends the input of the next run with what is completed after stop() and start()', async () => {
      const { worker, recorded } = start('cat');
      await until(worker, 'running');
      const stopped = worker.stop();
      worker.start();
      worker.send.next('next');
      worker.send.complete();
      await stopped;
      await until(worker, 'exited');
      expect(recorded.output).toEqual(['next']);
    });

    it('ends the input of the run with error(), with a warning', async () => {
      const { worker, recorded } = start('cat');
      worker.send.next('last');
      worker.send.error(new Error('of the source'));
      await until(worker, 'exited');
      expect(recorded.output).toEqual(['last']);
      expect(takeWarnings()).toEqual([expect.stringContaining('of the source')]);
    });
  });

  /** Stops and starts within one turn, and settles when the next run is running. */
  async function stopAndStart(worker: ReactiveWorker): Promise<void> {
    const stopped = worker.stop();
    worker.start();
    await stopped;
    await until(worker, 'running');
  }

  describe('rejected$', () => {
    it('shows line breaks, with a LineBreakError', async () => {
      const { worker, recorded } = start('cat');
      for (const value of ['a', 'b\nc', 'd\re', 'f\r\n', 'g']) worker.send.next(value);
      worker.send.complete();
      await until(worker, 'exited');
      expect(recorded.output).toEqual(['a', 'g']);
      expect(valuesOf(recorded.rejected)).toEqual(['b\nc', 'd\re', 'f\r\n']);
      for (const { error } of recorded.rejected) {
        expect(error).toBeInstanceOf(LineBreakError);
        expect(error.message).toContain('"cat"');
      }
    });

    it('shows no line breaks if the codec allows them', async () => {
      const { worker, recorded } = start('cat', { codec: lines({ lineBreaks: 'allow' }) });
      worker.send.next('a\nb');
      worker.send.complete();
      await until(worker, 'exited');
      expect(recorded.output).toEqual(['a', 'b']);
      expect(recorded.rejected).toEqual([]);
    });

    it('shows values of a wrong type, with a TypeError', async () => {
      const { worker, recorded } = start('cat');
      const wrong: any[] = [undefined, null, {}, ['a'], Symbol('s'), () => 1, Buffer.from('a')];
      for (const value of wrong) worker.send.next(value);
      worker.send.next('right');
      worker.send.complete();
      await until(worker, 'exited');
      expect(recorded.output).toEqual(['right']);
      expect(valuesOf(recorded.rejected)).toEqual(wrong);
      expect(recorded.rejected.every(({ error }) => error instanceof TypeError)).toBe(true);
    });

    it.each(['stopped', 'exited', 'failed'] as const)(
      'shows what is sent at `%s`, with a NotRunningError',
      async (state) => {
        const command = { stopped: 'cat', exited: 'true', failed: 'false' }[state];
        const { worker, recorded } = start(command, { start: state !== 'stopped' });
        await until(worker, state);
        worker.send.next('lost');
        expect(recorded.rejected).toEqual([{ value: 'lost', error: expect.any(NotRunningError) }]);
        worker.start();
        await eventually(() => isAtRest(worker) || worker.status$.value.state === 'running');
        expect(recorded.output).toEqual([]);
      },
    );

    it('shows what is sent during a stop, when nothing follows it', async () => {
      const { worker, recorded } = start('cat');
      worker.send.next('in time');
      const stopped = worker.stop();
      worker.send.next('late');
      await stopped;
      expect(recorded.output).toEqual(['in time']);
      expect(recorded.rejected).toEqual([{ value: 'late', error: expect.any(NotRunningError) }]);
    });

    it('does not show what is sent during a stop, when a start follows it', async () => {
      const { worker, recorded } = start('cat');
      const stopped = worker.stop();
      worker.start();
      worker.send.next('for the next');
      await stopped;
      await first(worker.output$);
      expect(recorded.output).toEqual(['for the next']);
      expect(recorded.rejected).toEqual([]);
    });

    it('shows what does not fit, with an InputOverflowError', async () => {
      const { worker, recorded } = start('sleep 1000', {
        maxPendingBytes: 10_000,
        stop: quickStop,
      });
      await until(worker, 'running');
      const sent = Array.from({ length: 300 }, () => 'x'.repeat(999));
      // Values that the pipe takes make room, until the pipe is full.
      let count = 0;
      for (let before = -1; recorded.rejected.length < before + sent.length; count += sent.length) {
        before = recorded.rejected.length;
        for (const value of sent) worker.send.next(value);
        await new Promise(setImmediate);
      }
      expect(count - recorded.rejected.length).toBeLessThan(200);
      expect(recorded.rejected.every(({ error }) => error instanceof InputOverflowError)).toBe(
        true,
      );
      expect(recorded.rejected[0]?.error.message).toContain('maxPendingBytes (10000)');
    });

    it('shows a value that alone is longer than maxPendingBytes', async () => {
      const { worker, recorded } = start('cat', { maxPendingBytes: 10 });
      for (const value of ['123456789', '1234567890', 'ééééé', 'ok']) worker.send.next(value);
      await until(worker, 'running');
      worker.send.complete();
      await until(worker, 'exited');
      expect(recorded.output).toEqual(['123456789']);
      expect(valuesOf(recorded.rejected)).toEqual(['1234567890', 'ééééé', 'ok']);
    });

    it('shows what is sent to a program that has closed its stdin', async () => {
      const { worker, recorded } = start(fixture('closeStdin.sh'), { stop: quickStop });
      await first(worker.output$, (line) => line === 'closed');
      worker.send.next('a');
      worker.send.next('b');
      await eventually(() => recorded.rejected.length === 2);
      worker.send.next('c');
      expect(valuesOf(recorded.rejected)).toEqual(['a', 'b', 'c']);
      expect(recorded.rejected.every(({ error }) => error instanceof InputClosedError)).toBe(true);
      expect(recorded.states.at(-1)).toBe('running');
    });

    it('is no more for the run after one that closed its stdin', async () => {
      const { worker, recorded } = start(
        fixture('closeStdinOnce.sh', join(temporaryFolder(), 'mark')),
        { stop: quickStop },
      );
      await first(worker.output$);
      worker.send.next('lost');
      await eventually(() => recorded.rejected.length === 1);
      await stopAndStart(worker);
      worker.send.next('taken');
      await first(worker.output$);
      expect(recorded.output).toEqual(['closed', 'taken']);
    });

    it('keeps what waits when a program closes its stdin before it is ready, for the next run', async () => {
      const { worker, recorded } = start(
        fixture('closeStdinOnce.sh', join(temporaryFolder(), 'mark')),
        {
          stop: quickStop,
          startTimeoutMs: 500,
          ready: (output$, write) => {
            write('hello');
            return output$.pipe(
              tap(() => write('hello')),
              filter((line) => line === 'hello'),
            );
          },
          supervise: restartOnExit({ delayMs: 0 }),
        },
      );
      worker.send.next('before');
      await until(worker, 'backoff');
      worker.send.next('after');
      await first(worker.output$, (line) => line === 'after');
      expect(recorded.output.filter((line) => line !== 'hello')).toEqual([
        'closed',
        'before',
        'after',
      ]);
      expect(recorded.rejected).toEqual([]);
    });

    /** Is ready, but no longer reads. */
    const startDeaf = () =>
      start(fixture('closeStdin.sh'), {
        stop: quickStop,
        ready: (output$, write) =>
          output$.pipe(
            tap(() => write('hello')),
            delay(100),
          ),
      });

    it('shows what waited for a program that is ready, but has closed its stdin', async () => {
      const { worker, recorded } = startDeaf();
      worker.send.next('before');
      await until(worker, 'running');
      worker.send.next('after');
      await eventually(() => recorded.rejected.length === 2);
      expect(valuesOf(recorded.rejected)).toEqual(['before', 'after']);
      expect(recorded.rejected.every(({ error }) => error instanceof InputClosedError)).toBe(true);
      expect(recorded.states.at(-1)).toBe('running');
    });

    it('can be where such a program is stopped, before it runs', async () => {
      const { worker, recorded } = startDeaf();
      worker.rejected$.subscribe(() => void worker.stop());
      worker.send.next('before');
      await until(worker, 'stopped');
      expect(recorded.states).toEqual(['starting', 'stopping eof', 'stopping term', 'stopped']);
    });

    it('shows what a program did not take that dies while it is written to', async () => {
      const { worker, recorded } = start(sh('read line; echo "$line"; exit 3'));
      const sent = numbers(200_000);
      for (const value of sent) worker.send.next(value);
      await until(worker, 'failed');
      expect(recorded.output).toEqual(['0']);
      expectTail(valuesOf(recorded.rejected), sent);
      expect(recorded.rejected.every(({ error }) => error instanceof InputClosedError)).toBe(true);
    });

    it('shows what a run did not take with one error, not a stack trace for each', async () => {
      const { worker, recorded } = start('sleep 1000', { stop: quickStop });
      await until(worker, 'running');
      for (const value of numbers(50_000)) worker.send.next(value);
      await worker.stop();
      expect(recorded.rejected.length).toBeGreaterThan(10_000);
      expect(new Set(recorded.rejected.map(({ error }) => error)).size).toBe(1);
    });

    it('shows what is sent while programs die, over and over', async () => {
      const { worker, recorded } = start(sh('read line'), { start: false });
      let sent = 0;
      for (let life = 0; life < 30; life++) {
        worker.start();
        while (!isAtRest(worker)) {
          for (let i = 0; i < 100; i++) worker.send.next(sent++);
          await new Promise(setImmediate);
        }
      }
      expect(recorded.states.filter((state) => state === 'exited')).toHaveLength(30);
      // Each value once at most, in order.
      const rejected = valuesOf(recorded.rejected).map(Number);
      expect(rejected.every((value, i) => i === 0 || value > rejected[i - 1]!)).toBe(true);
      expect(rejected.length).toBeLessThan(sent);
    });

    it('warns of the first unobserved rejection of each life, and only of that', async () => {
      const worker = use(createWorker('cat'));
      for (let life = 0; life < 2; life++) {
        worker.start();
        worker.send.next('a\nb');
        worker.send.next('c\nd');
        await worker.stop();
        expect(takeWarnings()).toEqual([expect.stringMatching(/^"cat" .*line break/)]);
      }
    });
  });

  /** Expects `rest` to be all of `sent` but for its beginning, which a pipe can hold. */
  function expectTail(rest: readonly unknown[], sent: readonly string[]): void {
    const taken = sent.slice(0, sent.length - rest.length);
    expect(rest.length).toBeGreaterThan(0);
    expectSame(rest, sent.slice(taken.length));
    expect(taken.join('\n').length).toBeLessThan(256 * 1024);
  }

  describe('every value', () => {
    const sorted = (values: readonly unknown[]) => values.map(String).sort();

    it('is received or rejected when too many are sent at once', async () => {
      const { worker, recorded } = start('cat', { maxPendingBytes: 1_000 });
      const sent = numbers(5_000);
      for (const value of sent) worker.send.next(value);
      worker.send.complete();
      await until(worker, 'exited');
      expect(recorded.output.length).toBeGreaterThan(0);
      expect(recorded.rejected.length).toBeGreaterThan(0);
      expectSame(sorted([...recorded.output, ...valuesOf(recorded.rejected)]), sorted(sent));
    });

    it('is received or rejected when the worker is stopped and started all the time', async () => {
      const { worker, recorded } = start('cat', { stop: { endInputMs: 30_000 } });
      const sent = numbers(20_000);
      const stops: Promise<void>[] = [];
      for (const value of sent) {
        worker.send.next(value);
        if (Number(value) % 1_000 === 999) {
          await new Promise(setImmediate);
          stops.push(worker.stop());
          if (Number(value) % 2_000 === 999) worker.start();
        }
        if (Number(value) % 1_000 === 500) worker.start();
      }
      await Promise.all([...stops, worker.stop()]);
      expectSame(sorted([...recorded.output, ...valuesOf(recorded.rejected)]), sorted(sent));
      expect(recorded.output.length).toBeGreaterThan(0);
    });

    it('is received when stop() follows at once and the program reads to the end', async () => {
      const { worker, recorded } = start('cat', { stop: { endInputMs: 30_000 } });
      const sent = numbers(200_000);
      for (const value of sent) worker.send.next(value);
      await worker.stop();
      expectSame(recorded.output, sent);
      expect(recorded.rejected).toEqual([]);
      expect(recorded.states.at(-2)).toBe('stopping eof');
    });

    it('is received whole when 10 MB are unsent at a stop and SIGTERM makes it read', async () => {
      const file = join(temporaryFolder(), 'input');
      const { worker, recorded } = start(fixture('readAtSigterm.sh', file), {
        stop: { ...quickStop, terminateMs: 30_000 },
      });
      await first(worker.output$);
      const sent = numbers(100_000).map((value) => value.padStart(100, '.'));
      for (const value of sent) worker.send.next(value);
      await worker.stop();
      expectSame(readFileSync(file, 'utf8').split('\n'), [...sent, '']);
      expect(recorded.rejected).toEqual([]);
      expect(recorded.states.slice(-3)).toEqual(['stopping eof', 'stopping term', 'stopped']);
    });

    it('is rejected, but for what the pipe took, when 10 MB are unsent at a stop', async () => {
      const { worker, recorded } = start('sleep 1000', { stop: quickStop });
      await until(worker, 'running');
      const sent = numbers(100_000).map((value) => value.padStart(100, '.'));
      for (const value of sent) worker.send.next(value);
      await worker.stop();
      expectTail(valuesOf(recorded.rejected), sent);
      expect(recorded.rejected.every(({ error }) => error instanceof InputClosedError)).toBe(true);
    });

    it('is received or rejected when the input is completed in between', async () => {
      const { worker, recorded } = start('cat');
      for (const value of ['a', 'b']) worker.send.next(value);
      worker.send.complete();
      for (const value of ['c', 'd']) worker.send.next(value);
      await until(worker, 'exited');
      expect(recorded.output).toEqual(['a', 'b']);
      expect(valuesOf(recorded.rejected)).toEqual(['c', 'd']);
      expect(recorded.rejected.every(({ error }) => error instanceof NotRunningError)).toBe(true);
    });
  });

  describe('stderr$', () => {
    it('emits lines, apart from output$', async () => {
      const { worker, recorded } = start(sh('echo out; printf "one\\r\\n\\ntwo" >&2'));
      await until(worker, 'exited');
      expect(recorded.output).toEqual(['out']);
      expect(recorded.stderr).toEqual(['one', '', 'two']);
    });

    it('cuts a line past 64 KiB, and loses nothing of it', async () => {
      const { worker, recorded } = start(sh('head -c 200000 /dev/zero | tr "\\0" a >&2'));
      const { exit } = await until(worker, 'exited');
      expect(recorded.stderr.join('')).toBe('a'.repeat(200_000));
      expect(exit.stderrTail).toBe('a'.repeat(64 * 1024));
    });

    it('is drained when nobody subscribes', async () => {
      const worker = use(createWorker(sh('head -c 50000000 /dev/zero >&2; echo end >&2; exit 1')));
      await eventually(() => isAtRest(worker));
      const [warning] = takeWarnings();
      expect(warning).toContain('end');
      const { exits } = await until(worker, 'failed');
      expect(exits[0]?.stderrTail).toHaveLength(64 * 1024);
      expect(exits[0]?.stderrTail.endsWith('\0end\n')).toBe(true);
    });

    it('ends in the message of the ExitError', async () => {
      const { worker } = start(sh('seq 100 >&2; echo "cannot go on" >&2; exit 7'));
      const { error } = await until(worker, 'failed');
      expect(error.message).toContain('exited with code 7');
      expect(error.message).toContain('100\ncannot go on');
      expect(error.message).not.toContain('50');
    });

    it("goes to the host's own with `stderr: 'inherit'`", async () => {
      const { stdout, stderr, end } = await host(`
        const worker = ipc.createWorker(['sh', '-c', 'echo heard >&2; exit 1'], { stderr: 'inherit' });
        worker.stderr$.subscribe((line) => console.log('stderr$', line));
        worker.status$.subscribe((status) => {
          if (status.state === 'failed') console.log(JSON.stringify(status.exits[0].stderrTail));
        });
      `);
      expect({ stdout, stderr, end }).toEqual({ stdout: '""\n', stderr: 'heard\n', end: 0 });
    });
  });

  describe('ready', () => {
    const gotUci = (output$: Observable<string>) => from(first(output$, (l) => l === 'got uci'));

    it('makes the run `running` at its first emission, and what it writes goes first', async () => {
      const { worker, recorded } = start(fixture('greet.sh'), {
        ready: (output$, write) => {
          write('uci');
          return gotUci(output$);
        },
      });
      worker.send.next('a');
      worker.send.next('b');
      await first(worker.output$, (line) => line === 'got b');
      expect(recorded.all).toEqual(['starting', 'got uci', 'running', 'got a', 'got b']);
    });

    it('holds the queue until then, while what it writes passes', async () => {
      const ready$ = new Subject<void>();
      const { worker, recorded } = start('cat', {
        ready: (_output$, write) => {
          write('greeting');
          worker.output$.subscribe(() => {
            if (recorded.output.length < 100) write('greeting');
          });
          return ready$;
        },
      });
      worker.send.next('held');
      await eventually(() => recorded.output.length === 100);
      expect(recorded.output).not.toContain('held');
      expect(recorded.states).toEqual(['starting']);
      ready$.next();
      await first(worker.output$);
      expect(recorded.output.at(-1)).toBe('held');
    });

    /** A worker that runs, and what its `ready` was given to write with. */
    async function keepWrite() {
      let writeFirst: (value: string) => void = () => undefined;
      const { worker, recorded } = start('cat', {
        ready: (_output$, write) => {
          writeFirst = write;
          return ['yes'];
        },
      });
      await until(worker, 'running');
      return { worker, recorded, writeFirst };
    }

    it('may keep what writes ahead of the queue', async () => {
      const { worker, recorded, writeFirst } = await keepWrite();
      worker.send.next('queued');
      writeFirst('urgent');
      worker.send.complete();
      await until(worker, 'exited');
      expect(recorded.output).toEqual(['urgent', 'queued']);
    });

    it('may write bytes', async () => {
      const { worker, recorded } = start('cat', {
        codec: { ...lines(), encode: (value: unknown) => Buffer.from(`${String(value)}\n`) },
        ready: (output$: Observable<string>, write: (value: string) => void) => {
          write('hello');
          return output$;
        },
      });
      await until(worker, 'running');
      expect(recorded.output).toEqual(['hello']);
    });

    it('writes nothing any more after the end of the input', async () => {
      const { worker, recorded, writeFirst } = await keepWrite();
      worker.send.complete();
      await new Promise((resolve) => setImmediate(resolve));
      writeFirst('late');
      await until(worker, 'exited');
      expect(recorded.output).toEqual([]);
    });

    it('sees the output from the first line on, of its own run alone', async () => {
      const seen: string[][] = [];
      const { worker } = start(sh('echo one; echo two; exec cat'), {
        ready: (output$) => {
          const mine: string[] = [];
          seen.push(mine);
          return new Observable((ready) =>
            output$.subscribe((line) => {
              mine.push(line);
              if (line === 'two') ready.next('yes');
            }),
          );
        },
      });
      await until(worker, 'running');
      await stopAndStart(worker);
      expect(seen).toEqual([
        ['one', 'two'],
        ['one', 'two'],
      ]);
    });

    it.each([
      ['a Promise', () => Promise.resolve('yes')],
      ['a list', () => ['yes']],
      ['an Observable that does not complete', () => new BehaviorSubject('yes')],
    ])('may return %s', async (_, ready) => {
      const { worker, recorded } = start('cat', { ready });
      await until(worker, 'running');
      expect(recorded.states).toEqual(['starting', 'running']);
    });

    it('is unsubscribed when it has emitted', async () => {
      const ready$ = new BehaviorSubject('yes');
      const { worker } = start('cat', { ready: () => ready$ });
      await until(worker, 'running');
      expect(ready$.observed).toBe(false);
    });

    it('is unsubscribed when the run is stopped, and nothing is `running`', async () => {
      const ready$ = new Subject();
      const { worker, recorded } = start('cat', { ready: () => ready$ });
      await eventually(() => ready$.observed);
      await worker.stop();
      expect(ready$.observed).toBe(false);
      expect(recorded.states).toEqual(['starting', 'stopping eof', 'stopped']);
    });

    it('may stop the worker', async () => {
      const { worker, recorded } = start('cat', {
        ready: () => {
          void worker.stop();
          return of('yes');
        },
      });
      await until(worker, 'stopped');
      expect(recorded.states).toEqual(['starting', 'stopping eof', 'stopped']);
    });

    it('may stop the worker by way of what it subscribes to', async () => {
      const { worker, recorded } = start(fixture('trapSigterm.sh'), {
        stop: quickStop,
        ready: (output$) => {
          void worker.stop();
          return output$;
        },
      });
      await until(worker, 'stopped');
      expect(recorded.states).not.toContain('running');
    });

    it('fails the life when it does not emit within startTimeoutMs', async () => {
      const { worker, recorded } = start('cat', { ready: () => NEVER, startTimeoutMs: 50 });
      worker.send.next('never sent');
      const { error, exits } = await until(worker, 'failed');
      expect(recorded.statuses.slice(1)).toMatchObject([
        { state: 'stopping', cause: 'start-timeout', stage: 'eof' },
        { state: 'exited', exit: { reason: 'start-timeout' } },
        { state: 'failed' },
      ]);
      expect(error).toBeInstanceOf(StartTimeoutError);
      expect(error.message).toContain('50');
      expect(exits).toHaveLength(1);
      expect(recorded.output).toEqual([]);
      expect(valuesOf(recorded.rejected)).toEqual(['never sent']);
    });

    it('climbs the ladder when a program is not ready and does not end', async () => {
      const { worker, recorded } = start('sleep 1000', {
        ready: () => NEVER,
        startTimeoutMs: 20,
        stop: quickStop,
      });
      await until(worker, 'failed');
      expect(recorded.states.slice(1)).toEqual([
        'stopping eof',
        'stopping term',
        'exited',
        'failed',
      ]);
    });

    it('lets a stop() during a start time-out make it a request', async () => {
      const { worker, recorded } = start('sleep 1000', {
        ready: () => NEVER,
        startTimeoutMs: 20,
        stop: { endInputMs: 30_000 },
      });
      const { pid } = await until(worker, 'stopping');
      const stopped = worker.stop();
      process.kill(pid, 'SIGINT');
      await stopped;
      expect(recorded.statuses.slice(1)).toMatchObject([
        { state: 'stopping', cause: 'start-timeout', stage: 'eof' },
        { state: 'stopping', cause: 'requested', stage: 'eof' },
        { state: 'stopped', exit: { reason: 'stopped', signal: 'SIGINT' } },
      ]);
    });

    const oops = new Error('oops');
    it.each([
      ['errors', () => throwError(() => oops), oops],
      [
        'throws',
        () => {
          throw oops;
        },
        oops,
      ],
      ['rejects', () => Promise.reject(oops), oops],
      ['completes empty', () => EMPTY, expect.any(Error)],
      ['returns nothing', (() => undefined) as any, expect.any(TypeError)],
      [
        'writes what cannot be sent',
        (_: unknown, write: (value: any) => void) => {
          write({});
          return NEVER;
        },
        expect.any(TypeError),
      ],
    ])('fails the life when it %s', async (_, ready, cause) => {
      const { worker, recorded } = start('cat', { ready });
      const { error } = await until(worker, 'failed');
      expect(error).toBeInstanceOf(StartTimeoutError);
      expect(error.cause).toEqual(cause);
      expect(error.message).toContain('"cat"');
      expect(recorded.states).not.toContain('running');
    });

    it('is over when the program exits before', async () => {
      const ready$ = new Subject();
      const { worker, recorded } = start(sh('exit 3'), { ready: () => ready$ });
      const { error } = await until(worker, 'failed');
      expect(recorded.states).toEqual(['starting', 'exited', 'failed']);
      expect(error).toBeInstanceOf(ExitError);
      expect(ready$.observed).toBe(false);
    });

    it('is not asked when the program cannot be started', async () => {
      let asked = false;
      const { worker } = start('no-such-program', {
        ready: () => {
          asked = true;
          return NEVER;
        },
      });
      await until(worker, 'failed');
      expect(asked).toBe(false);
    });
  });

  describe('stop', () => {
    it('ends a program that reads to the end of its input', async () => {
      const { worker, recorded } = start('cat');
      await until(worker, 'running');
      await worker.stop();
      expect(recorded.statuses.slice(2)).toMatchObject([
        { state: 'stopping', cause: 'requested', stage: 'eof' },
        { state: 'stopped', exit: { code: 0, reason: 'stopped' } },
      ]);
    });

    it('ends a program that does not, by SIGTERM', async () => {
      const { worker, recorded } = start('sleep 1000', { stop: quickStop });
      const { pid } = await until(worker, 'running');
      await worker.stop();
      expect(recorded.states.slice(2)).toEqual(['stopping eof', 'stopping term', 'stopped']);
      expect(recorded.statuses.at(-1)).toMatchObject({ exit: { code: null, signal: 'SIGTERM' } });
      expect(isAlive(pid)).toBe(false);
    });

    it('ends a program that ignores SIGTERM, by SIGKILL', async () => {
      const { worker, recorded } = start(fixture('ignoreSigterm.mjs'), {
        stop: { ...quickStop, terminateMs: 50 },
      });
      await first(worker.output$);
      await worker.stop();
      expect(recorded.states.slice(2)).toEqual([
        ...['stopping eof', 'stopping term', 'stopping kill'],
        'stopped',
      ]);
      expect(recorded.statuses.at(-1)).toMatchObject({ exit: { signal: 'SIGKILL' } });
    });

    it('delivers the last words of a program that traps SIGTERM', async () => {
      const { worker, recorded } = start(fixture('trapSigterm.sh'), { stop: quickStop });
      await first(worker.output$);
      await worker.stop();
      expect(recorded.all.slice(-2)).toEqual(['last words', 'stopped']);
      expect(recorded.statuses.at(-1)).toMatchObject({ exit: { code: 143, reason: 'stopped' } });
    });

    it('ends a program that is suspended', async () => {
      const { worker, recorded } = start('cat', { stop: { ...quickStop, terminateMs: 30_000 } });
      const { pid } = await until(worker, 'running');
      process.kill(pid, 'SIGSTOP');
      await worker.stop();
      expect(recorded.states.slice(2)).toEqual(['stopping eof', 'stopping term', 'stopped']);
    });

    it('ends a program that is starting', async () => {
      const { worker, recorded } = start('cat');
      await worker.stop();
      expect(recorded.states).toEqual(['starting', 'stopping eof', 'stopped']);
    });

    it('ends a program from inside of `starting`', async () => {
      const { worker, recorded } = start('cat', { start: false });
      worker.status$.subscribe(({ state }) => {
        if (state === 'starting') void worker.stop();
      });
      worker.start();
      await eventually(() => recorded.states.length > 1 && isAtRest(worker));
      expect(recorded.states).toEqual(['stopped', 'starting', 'stopping eof', 'stopped']);
    });

    it('is the same when it is called again, by all its callers', async () => {
      const { worker, recorded } = start('sleep 1000', { stop: quickStop });
      const stops = [worker.stop(), worker.stop()];
      await until(worker, 'stopping');
      await Promise.all([...stops, worker.stop()]);
      await worker.stop();
      expect(recorded.states.slice(1)).toEqual(['stopping eof', 'stopping term', 'stopped']);
    });

    it('leaves a worker at rest as it is', async () => {
      const { worker, recorded } = start('false');
      await until(worker, 'failed');
      await worker.stop();
      expect(recorded.states.at(-1)).toBe('failed');
    });

    it('settles when a failure is the end of a stop, without a warning', async () => {
      const { worker, recorded } = start(sh('cat; exit 3'));
      await until(worker, 'running');
      await worker.stop();
      expect(recorded.statuses.at(-1)).toMatchObject({ state: 'stopped', exit: { code: 3 } });
    });

    it('ends what is left of the group, even if it does not hold the pipes', async () => {
      const { worker, recorded } = start(sh('sleep 1000 > /dev/null 2>&1 & echo $!; exec cat'));
      await first(worker.output$);
      await worker.stop();
      expect(isAlive(Number(recorded.output[0]))).toBe(false);
    });

    it('ends what is left of the group', async () => {
      const { worker, recorded } = start(sh('sleep 1000 & echo $!; exec cat'), {
        stop: { drainMs: 20 },
      });
      await first(worker.output$);
      await worker.stop();
      expect(isAlive(Number(recorded.output[0]))).toBe(false);
    });

    it('settles in a loop over the output, which it pauses', async () => {
      const worker = use(createWorker('yes', { stop: quickStop }));
      for await (const line of worker) {
        expect(line).toBe('y');
        await worker.stop();
        break;
      }
      expect(worker.status$.value.state).toBe('stopped');
    });

    it('fails with a StopError if even SIGKILL does not end the program', async () => {
      const { worker, recorded } = start('sleep 1000', {
        stop: { endInputMs: 5, terminateMs: 5, killMs: 5 },
      });
      const { pid } = await until(worker, 'running');
      // Stands for an uninterruptible sleep.
      const kill = jest.spyOn(process, 'kill').mockReturnValue(true);
      await worker.stop();
      expect(recorded.states.slice(2)).toEqual([
        ...['stopping eof', 'stopping term', 'stopping kill'],
        'failed',
      ]);
      const { error } = await until(worker, 'failed');
      expect(error).toBeInstanceOf(StopError);
      expect(error).toMatchObject({ pid });

      worker.start();
      expect(takeWarnings()).toEqual([expect.stringContaining('survived SIGKILL')]);
      expect(recorded.states.at(-1)).toBe('failed');

      kill.mockRestore();
      process.kill(pid, 'SIGKILL');
      await eventually(() => {
        worker.start();
        return worker.status$.value.state !== 'failed';
      });
      takeWarnings();
      expect(recorded.statuses.at(-1)).toMatchObject({ state: 'starting', generation: 2 });
      await worker.stop();
    });

    onLinux('ends a group of its own, by default', async () => {
      const { worker } = start('cat');
      const { pid } = await until(worker, 'running');
      expect(groupOf(pid)).toBe(pid);
    });

    onLinux("leaves the program in the host's group with `ownGroup: false`", async () => {
      const { worker, recorded } = start('sleep 1000', { ownGroup: false, stop: quickStop });
      const { pid } = await until(worker, 'running');
      expect(groupOf(pid)).toBe(groupOf(process.pid));
      await worker.stop();
      expect(recorded.states.slice(2)).toEqual(['stopping eof', 'stopping term', 'stopped']);
    });

    it('signals nothing by the id of a program alone that has exited', async () => {
      const { worker } = start('cat', { ownGroup: false });
      const { pid } = await until(worker, 'running');
      const kill = jest.spyOn(process, 'kill');
      worker.send.complete();
      await until(worker, 'exited');
      expect(kill.mock.calls.filter(([id]) => id === pid)).toEqual([]);
    });
  });

  describe('dispose', () => {
    it('stops, then completes every stream', async () => {
      const { worker, recorded } = start('cat');
      const ended: string[] = [];
      const streams$ = [worker.output$, worker.stderr$, worker.status$, worker.rejected$];
      for (const [i, stream$] of streams$.entries()) {
        (stream$ as Observable<unknown>).subscribe({
          error: () => ended.push(`error ${i}`),
          complete: () => ended.push(`complete ${i}`),
        });
      }
      await until(worker, 'running');
      worker.send.next('last');
      expect(ended).toEqual([]);
      await worker[Symbol.asyncDispose]();
      expect(ended.sort()).toEqual(['complete 0', 'complete 1', 'complete 2', 'complete 3']);
      expect(recorded.all).toEqual(['starting', 'running', 'stopping eof', 'last', 'stopped']);
    });

    it('gives later subscribers what is replayed, and completes', async () => {
      const { worker } = start('seq 3', { replay: 2 });
      await until(worker, 'exited');
      await worker[Symbol.asyncDispose]();
      const late: unknown[] = [];
      worker.output$.subscribe({
        next: (line) => late.push(line),
        complete: () => late.push('end'),
      });
      worker.rejected$.subscribe({ complete: () => late.push('end') });
      worker.status$.subscribe({ complete: () => late.push('end') });
      expect(late).toEqual(['2', '3', 'end', 'end', 'end']);
      expect(worker.status$.value.state).toBe('exited');
    });

    it('lets nothing be started or sent any more', async () => {
      const { worker, recorded } = start('cat');
      await worker[Symbol.asyncDispose]();
      worker.start();
      worker.send.next('lost');
      worker.send.complete();
      await worker.stop();
      await worker.restart();
      expect(recorded.states).toEqual(['starting', 'stopping eof', 'stopped']);
      expect(takeWarnings()).toEqual([
        expect.stringContaining('is disposed'),
        expect.stringContaining('is not running'),
      ]);
    });

    it.each(['stopping', 'stopped'])('lets nobody start it from inside of `%s`', async (state) => {
      const { worker, recorded } = start('cat');
      await until(worker, 'running');
      worker.status$.subscribe((status) => {
        if (status.state === state) worker.start();
      });
      await worker[Symbol.asyncDispose]();
      await worker.stop(); // If it was started nevertheless.
      expect(recorded.states).toEqual(['starting', 'running', 'stopping eof', 'stopped']);
      takeWarnings();
    });

    it('takes back a start that was remembered', async () => {
      const { worker, recorded } = start('cat');
      void worker.stop();
      worker.start();
      await worker[Symbol.asyncDispose]();
      expect(recorded.states).toEqual(['starting', 'stopping eof', 'stopped']);
    });

    it('is the same when it is called again', async () => {
      const { worker, recorded } = start('sleep 1000', { stop: quickStop });
      await Promise.all([worker[Symbol.asyncDispose](), worker[Symbol.asyncDispose]()]);
      await worker[Symbol.asyncDispose]();
      expect(recorded.states.slice(1)).toEqual(['stopping eof', 'stopping term', 'stopped']);
    });

    it('completes a worker that was never started', async () => {
      const worker = createWorker('cat', { start: false });
      let completed = false;
      worker.status$.subscribe({ complete: () => (completed = true) });
      await worker[Symbol.asyncDispose]();
      expect(completed).toBe(true);
      expect(worker.status$.value).toEqual({ state: 'stopped' });
    });
  });

  describe('a host', () => {
    it.each([
      ['after stop()', `const w = ipc.createWorker('cat'); await w.stop();`],
      ['after the exit', `ipc.createWorker('true');`],
      ['after a failure', `ipc.createWorker('no-such-program').status$.subscribe();`],
      ['when a worker never started', `ipc.createWorker('cat', { start: false });`],
      [
        'after dispose while starting',
        `const w = ipc.createWorker('sleep 1000', { ready: () => new Promise(() => {}), stop: { endInputMs: 1 } });
         w[Symbol.asyncDispose]();`,
      ],
      [
        'after the exit of a program that has closed its stdin while it is sent to',
        `const w = ipc.createWorker(['sh', '-c', 'exec <&-; echo closed; read x < /dev/null']);
         w.rejected$.subscribe();
         w.output$.subscribe(() => { for (let i = 0; i < 100000; i++) w.send.next(i); });
         w.status$.subscribe();`,
      ],
    ])('ends by itself %s', async (_, script) => {
      const { end, stderr } = await host(script);
      expect({ end, stderr }).toEqual({ end: 0, stderr: '' });
    });
  });

  describe('with programs that nobody here wrote', () => {
    withProgram('bc')('calculates with bc', async () => {
      const { worker, recorded } = start('bc');
      for (const line of ['6 * 7', 'scale=3', '1/3', '2^100']) worker.send.next(line);
      worker.send.complete();
      await until(worker, 'exited');
      expect(recorded.output).toEqual(['42', '.333', '1267650600228229401496703205376']);
    });

    withProgram('bc')('waits for an answer of bc before the next question', async () => {
      const { worker } = start('bc');
      for (let i = 1; i <= 20; i++) {
        const answer = first(worker.output$);
        worker.send.next(`${i} * ${i}`);
        expect(await answer).toBe(String(i * i));
      }
    });

    withProgram('sqlite3')('keeps a database with sqlite3', async () => {
      const { worker, recorded } = start(['sqlite3', '-batch']);
      for (const line of [
        'create table t (n integer, s text);',
        "insert into t values (1, 'één'), (2, 'zwei');",
        'select n, s from t order by n desc;',
        'select count(*) from t;',
      ]) {
        worker.send.next(line);
      }
      await worker.stop();
      expect(recorded.output).toEqual(['2|zwei', '1|één', '2']);
      expect(recorded.stderr).toEqual([]);
    });

    it('sorts with sort', async () => {
      const { worker, recorded } = start('sort -n');
      for (const value of numbers(1_000).reverse()) worker.send.next(value);
      worker.send.complete();
      await until(worker, 'exited');
      expect(recorded.output).toEqual(numbers(1_000));
    });

    it('runs a script that node reads from its stdin', async () => {
      const { worker, recorded } = start([process.execPath, '-']);
      worker.send.next('const answer = 6 * 7;');
      worker.send.next('console.log(answer); console.error("done")');
      worker.send.complete();
      await until(worker, 'exited');
      expect(recorded.output).toEqual(['42']);
      expect(recorded.stderr).toEqual(['done']);
    });

    it('talks to a shell', async () => {
      const { worker, recorded } = start('sh');
      worker.send.next('a=21');
      worker.send.next('echo $((a * 2))');
      worker.send.next('exit 5');
      const { error } = await until(worker, 'failed');
      expect(recorded.output).toEqual(['42']);
      expect(error).toBeInstanceOf(SimpleIpcError);
      expect(error.message).toBe('"sh" exited with code 5');
    });
  });
});
