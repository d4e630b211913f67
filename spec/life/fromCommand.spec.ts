import { spawnSync } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { chmodSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import {
  concatMap,
  delay,
  EMPTY,
  firstValueFrom,
  lastValueFrom,
  map,
  NEVER,
  type Observable,
  of,
  range,
  repeat,
  retry,
  Subject,
  switchMap,
  throwError,
  toArray,
  type ObservableInput,
} from 'rxjs';
import {
  ExitError,
  FramingError,
  fromCommand,
  InputOverflowError,
  LineBreakError,
  SpawnError,
  StartTimeoutError,
  type FromCommandOptions,
} from 'simple-ipc';
import {
  cleanUp,
  collectUnhandled,
  eventually,
  expectSame,
  fixture,
  host,
  isAlive,
  node,
  numbers,
  sh,
  temporaryFolder,
  watchWarnings,
} from '../support/programs.js';

const withProgram = (name: string) =>
  spawnSync(name, ['--version'], { input: '' }).error ? it.skip : it;

/** All that a program writes; rejects as the stream errors. */
const outputOf = (command: string | readonly string[], options: FromCommandOptions = {}) =>
  lastValueFrom(fromCommand(command, options).pipe(toArray()));

/** The values of a stream, and the error that it ends with. */
async function failureOf(source$: Observable<string>) {
  const output: string[] = [];
  const error = await new Promise<unknown>((fail, reject) => {
    source$.subscribe({
      next: (line) => output.push(line),
      error: fail,
      complete: () => reject(new Error('completed')),
    });
  });
  return { output, error };
}

const allGone = (pids: readonly (number | string)[]) =>
  eventually(() => !pids.some((pid) => isAlive(Number(pid))));

describe('fromCommand', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  describe('an end', () => {
    it('completes after all of the output', async () => {
      expectSame(await outputOf('seq 200000'), numbers(200_001).slice(1));
    });

    it('completes without a value for a program that writes nothing', async () => {
      expect(await outputOf('true')).toEqual([]);
    });

    it('errors after all of the output, with code and stderr', async () => {
      const { output, error } = await failureOf(
        fromCommand(sh('seq 3; echo "no such thing" >&2; exit 4')),
      );
      expect(output).toEqual(['1', '2', '3']);
      expect(error).toBeInstanceOf(ExitError);
      expect(error).toMatchObject({
        name: 'ExitError',
        exit: { code: 4, signal: null, reason: 'exit-code', stderrTail: 'no such thing\n' },
        message: expect.stringMatching(/exited with code 4; its stderr ends with:\nno such thing$/),
      });
    });

    it('errors with the signal that ended the program', async () => {
      const { error } = await failureOf(fromCommand(sh('kill -KILL $$')));
      expect(error).toMatchObject({ exit: { code: null, signal: 'SIGKILL', reason: 'signal' } });
    });

    it('takes the successExits for a success', async () => {
      const grep = (options?: FromCommandOptions) =>
        outputOf('grep b', { input: ['a', 'c'], ...options });
      await expect(grep()).rejects.toMatchObject({ exit: { code: 1 } });
      expect(await grep({ successExits: [0, 1] })).toEqual([]);
    });

    it('errors with a FramingError past maxLineBytes, after the lines before', async () => {
      const { output, error } = await failureOf(
        fromCommand(sh('echo short; yes | head -c 1000 | tr -d "\\n"; exec sleep 1000'), {
          maxLineBytes: 100,
          stop: { endInputMs: 20 },
        }),
      );
      expect(output).toEqual(['short']);
      expect(error).toBeInstanceOf(FramingError);
    });

    it('errors with a StartTimeoutError if the program is not ready in time', async () => {
      const { error } = await failureOf(
        fromCommand('cat', { ready: () => NEVER, startTimeoutMs: 20, input: NEVER }),
      );
      expect(error).toBeInstanceOf(StartTimeoutError);
    });

    it('is an unhandled error where nobody handles it, as everywhere in RxJS', async () => {
      const errors = collectUnhandled();
      fromCommand('false').subscribe();
      await eventually(() => errors.length > 0);
      expect(errors).toEqual([expect.any(ExitError)]);
    });
  });

  describe('a program that cannot be started', () => {
    function file(text: string, mode: number): string {
      const path = join(temporaryFolder(), 'file');
      writeFileSync(path, text);
      chmodSync(path, mode);
      return path;
    }

    const refused: [string, () => [string | readonly string[], FromCommandOptions?], RegExp][] = [
      ['does not exist', () => ['no-such-program x'], /"no-such-program x" .*on the PATH.*ENOENT/],
      ['is a directory', () => [[temporaryFolder()]], /it is a directory.*EACCES/],
      ['is not executable', () => [[file('', 0o600)]], /not executable.*EACCES/],
      ['has arguments past the limit', () => [['echo', 'a'.repeat(3e6)]], /"echo a+….*E2BIG/],
      ['has no such cwd', () => ['cat', { cwd: '/no/such' }], /"cat" .*cwd "\/no\/such" does not/],
      ['has a file as cwd', () => ['cat', { cwd: process.execPath }], /cwd .* is not a directory/],
      ['has an env without it', () => ['cat', { env: { PATH: '/no' } }], /PATH of the given env/],
    ];

    it.each(refused)('errors with a SpawnError, because it %s', async (_, make, message) => {
      const [command, options] = make();
      // Not a throw, neither at the call nor at the subscription.
      const { output, error } = await failureOf(fromCommand(command, options));
      expect(output).toEqual([]);
      expect(error).toBeInstanceOf(SpawnError);
      expect((error as SpawnError).message).toMatch(message);
      expect((error as SpawnError).cause).toMatchObject({ code: (error as SpawnError).code });
    });

    it.each([
      ['NUL in the command', ['cat', 'a\0b'], {}],
      ['NUL in cwd', 'cat', { cwd: 'a\0b' }],
      ['NUL in env', 'cat', { env: { A: '\0' } }],
      ['a string as input', 'cat', { input: 'text' as unknown as string[] }],
      ['an unknown stderr', 'cat', { stderr: 'ignore' as 'pipe' }],
      ['no command', '', {}],
    ])('throws a TypeError at the call for %s', (_, command, options) => {
      expect(() => fromCommand(command, options)).toThrow(TypeError);
    });
  });

  describe('its surroundings', () => {
    it('are those of the host by default', async () => {
      expect(await outputOf('pwd')).toEqual([process.cwd()]);
      expect(await outputOf(sh('echo "$HOME"'))).toEqual([process.env.HOME ?? '']);
    });

    it('are cwd', async () => {
      const cwd = realpathSync(temporaryFolder());
      expect(await outputOf('pwd', { cwd })).toEqual([cwd]);
    });

    it('are env, and nothing else', async () => {
      const env = { PATH: process.env.PATH, GREETING: 'hello world', EMPTY: '' };
      expect((await outputOf('env', { env })).sort()).toEqual([
        'EMPTY=',
        'GREETING=hello world',
        `PATH=${process.env.PATH ?? ''}`,
      ]);
    });

    it('are argv0', async () => {
      expect(await outputOf(['sh', '-c', 'echo $0'], { argv0: 'other' })).toEqual(['other']);
    });

    it('hold nothing of a shell', async () => {
      expect(await outputOf(['echo', '$HOME', '`id`', '*', '; exit 1'])).toEqual([
        '$HOME `id` * ; exit 1',
      ]);
    });
  });

  describe('input', () => {
    it('is empty by default: a program that reads ends at once', async () => {
      expect(await outputOf('cat')).toEqual([]);
      expect(await outputOf('wc -c')).toEqual(['0']);
    });

    async function* later(...values: string[]) {
      for (const value of values) {
        await new Promise(setImmediate);
        yield value;
      }
    }
    const sources: [string, () => ObservableInput<string | number>, string[]][] = [
      ['an array', () => ['a', 'b'], ['a', 'b']],
      ['an empty array', () => [], []],
      ['a Set', () => new Set([1, 2]), ['1', '2']],
      ['a generator', () => numbers(3).values(), ['0', '1', '2']],
      ['an async generator', () => later('a', 'b'), ['a', 'b']],
      ['an Observable', () => of('a', 'b').pipe(delay(1)), ['a', 'b']],
      ['an empty Observable', () => EMPTY, []],
      ['a Readable', () => Readable.from(['a', 'b']), ['a', 'b']],
      ['a Readable of text', () => Readable.from([Buffer.from('é')]).setEncoding('utf8'), ['é']],
      ['a promise', () => Promise.resolve('a'), ['a']],
      [
        'a ReadableStream',
        () =>
          new ReadableStream<string>({
            start(controller) {
              controller.enqueue('a');
              controller.enqueue('b');
              controller.close();
            },
          }),
        ['a', 'b'],
      ],
    ];
    it.each(sources)('may be %s', async (_, make, expected) => {
      expect(await outputOf('cat', { input: make() })).toEqual(expected);
    });

    it('is read anew by each subscriber', async () => {
      const upper$ = fromCommand('tr a-z A-Z', { input: ['a', 'b'] });
      const both = [1, 2].map(() => lastValueFrom(upper$.pipe(toArray())));
      expect(await Promise.all(both)).toEqual([
        ['A', 'B'],
        ['A', 'B'],
      ]);
    });

    it('is read no further ahead than a few pipes hold', async () => {
      let produced = 0;
      let received = 0;
      let ahead = 0;
      function* produce() {
        while (produced < 1_000_000) {
          ahead = Math.max(ahead, produced - received);
          yield `line ${produced++}`.padEnd(19);
        }
      }
      const output$ = fromCommand('cat', { input: produce() });
      await lastValueFrom(output$.pipe(map(() => ++received)));
      expect([produced, received]).toEqual([1_000_000, 1_000_000]);
      expect(ahead * 20).toBeLessThan(2 * 1024 * 1024);
      expect(ahead).toBeGreaterThan(0);
    });

    it('is not read on for a program that does not read', async () => {
      let produced = 0;
      async function* produce() {
        for (;;) {
          yield 'x'.repeat(999);
          produced++;
          await new Promise(setImmediate);
        }
      }
      const line$ = fromCommand(sh('echo ready; exec sleep 1000'), { input: produce() });
      const subscription = line$.subscribe();
      // Until nothing moves any more.
      let before = -1;
      while (produced !== before) {
        before = produced;
        for (let turn = 0; turn < 1_000; turn++) await new Promise(setImmediate);
      }
      expect(produced).toBeLessThan(1_000);
      subscription.unsubscribe();
    });

    it('may be longer than maxPendingBytes if it can be pulled', async () => {
      const input = numbers(200_000);
      expectSame(await outputOf('cat', { input, maxPendingBytes: 100_000 }), input);
    });

    it('errors the stream if an Observable is faster than the program reads', async () => {
      const { error } = await failureOf(
        fromCommand('sleep 1000', { input: range(2_000), maxPendingBytes: 1_000 }),
      );
      expect(error).toBeInstanceOf(InputOverflowError);
    });

    it('is read no further after the first value that does not fit', async () => {
      let produced = 0;
      const input$ = range(10_000).pipe(map(() => ++produced));
      await failureOf(fromCommand('sleep 1000', { input: input$, maxPendingBytes: 100 }));
      expect(produced).toBeLessThan(10_000);
    });

    const oops = new Error('oops');
    const failing: [string, () => ObservableInput<string>][] = [
      ['an Observable at once', () => throwError(() => oops)],
      [
        'an Observable later',
        () =>
          of('a').pipe(
            delay(1),
            concatMap(() => throwError(() => oops)),
          ),
      ],
      [
        'a generator',
        function* () {
          yield 'a';
          throw oops;
        },
      ],
      [
        'an async generator',
        // eslint-disable-next-line @typescript-eslint/require-await -- that is what it is
        async function* () {
          yield 'a';
          throw oops;
        },
      ],
      ['a promise', () => Promise.reject(oops)],
      [
        'a Readable',
        () =>
          new Readable({
            objectMode: true,
            read() {
              this.destroy(oops);
            },
          }),
      ],
    ];
    it.each(failing)('stops the program with the error of %s', async (_, make) => {
      const pids: string[] = [];
      const line$ = fromCommand(sh('echo $$; exec cat'), { input: make() });
      const { output, error } = await failureOf(line$);
      pids.push(...output.slice(0, 1));
      expect(error).toBe(oops);
      expect(pids.some((pid) => isAlive(Number(pid)))).toBe(false);
    });

    it.each([
      ['a value of a wrong type', [{}], TypeError],
      ['a line break', ['a\nb'], LineBreakError],
    ])('errors the stream for %s', async (_, values, errorClass) => {
      const input = ['first', ...values] as string[];
      const { error } = await failureOf(fromCommand('cat', { input }));
      expect(error).toBeInstanceOf(errorClass);
    });

    it('may be longer than what the program reads', async () => {
      expect(await outputOf('head -n 1', { input: numbers(1_000_000) })).toEqual(['0']);
      let produced = 0;
      let isReturned = false;
      function* endless() {
        try {
          for (;;) yield produced++;
        } finally {
          isReturned = true;
        }
      }
      expect(await outputOf('head -n 2', { input: endless() })).toEqual(['0', '1']);
      await eventually(() => isReturned);
    });

    it('need not end for a program that ends', async () => {
      const source$ = new Subject<string>();
      const output = outputOf('head -n 1', { input: source$ });
      source$.next('only');
      expect(await output).toEqual(['only']);
      expect(source$.observed).toBe(false);
    });

    it('is unsubscribed from with the stream', async () => {
      const source$ = new Subject<string>();
      const subscription = fromCommand('cat', { input: source$ }).subscribe();
      expect(source$.observed).toBe(true);
      subscription.unsubscribe();
      await eventually(() => !source$.observed);
    });

    it('closes a Readable that is not read to its end', async () => {
      const endless = Readable.from(
        (function* () {
          for (;;) yield 'y'.repeat(1_000);
        })(),
      );
      const line$ = fromCommand('cat', { input: endless });
      expect(await firstValueFrom(line$)).toHaveLength(1_000);
      await eventually(() => endless.destroyed);
    });

    it('is held until the program is ready, while what ready writes passes', async () => {
      const output = await outputOf(fixture('greet.sh'), {
        input: ['a'],
        ready: (output$, write) => {
          write('hello');
          return output$;
        },
      });
      expect(output).toEqual(['got hello', 'got a']);
    });
  });

  describe('unsubscribing', () => {
    /** Prints its process id and its child's. */
    const family = sh('sleep 1000 & echo "$$ $!"; wait');

    it('ends the program and its descendants', async () => {
      const line = await firstValueFrom(fromCommand(family));
      await allGone(line.split(' '));
    });

    it('ends a program that has not yet written anything', async () => {
      fromCommand('sleep 1000').subscribe().unsubscribe();
      // That nothing is left is checked after each test.
      await new Promise(setImmediate);
    });

    it('does not begin with the end of the input', async () => {
      const line$ = fromCommand(sh('echo $$; exec sleep 1000'), {
        input: NEVER,
        stop: { endInputMs: Infinity },
      });
      await allGone([await firstValueFrom(line$)]);
    });

    it('reports nothing of how the program ends then', async () => {
      const errors = collectUnhandled();
      const exitWith3 = "process.on('SIGTERM', () => process.exit(3)); setInterval(() => {}, 1e6);";
      const line$ = fromCommand(node(`${exitWith3} console.log(process.pid)`));
      await allGone([await firstValueFrom(line$)]);
      // An exit is seen some turns after it; the pipes have closed long before the last of these.
      for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
      expect(errors).toEqual([]);
    });

    it('leaves one program of several that switchMap ran', async () => {
      const seen: string[][] = [];
      const next$ = new Subject<number>();
      const subscription = next$
        .pipe(switchMap(() => fromCommand(family)))
        .subscribe((line) => seen.push(line.split(' ')));
      for (let id = 1; id <= 5; id++) {
        next$.next(id);
        await eventually(() => seen.length === id);
      }
      await allGone(seen.slice(0, -1).flat());
      expect(seen.at(-1)?.every((pid) => isAlive(Number(pid)))).toBe(true);
      subscription.unsubscribe();
      await allGone(seen.flat());
    });
  });

  describe('signal', () => {
    it('starts nothing if it is aborted before', async () => {
      const file = join(temporaryFolder(), 'file');
      const signal = AbortSignal.abort(new Error('before'));
      const { error } = await failureOf(fromCommand(['touch', file], { signal }));
      expect(error).toEqual(new Error('before'));
      expect(await outputOf(['ls', join(file, '..')])).toEqual([]);
    });

    it('ends the program and the stream if it is aborted while it runs', async () => {
      const controller = new AbortController();
      const { signal } = controller;
      const pids: string[] = [];
      const line$ = fromCommand(sh('echo $$; exec sleep 1000'), { signal });
      const { error } = await failureOf(
        line$.pipe(
          map((pid) => {
            pids.push(pid);
            controller.abort();
            return pid;
          }),
        ),
      );
      expect(error).toBe(signal.reason);
      expect(error).toMatchObject({ name: 'AbortError' });
      await allGone(pids);
    });

    it('does nothing after the end, and is not listened to any more', async () => {
      const controller = new AbortController();
      const { signal } = controller;
      expect(await outputOf('echo a', { signal })).toEqual(['a']);
      await failureOf(fromCommand('false', { signal }));
      await firstValueFrom(fromCommand('yes', { signal }));
      expect(getEventListeners(signal, 'abort')).toEqual([]);
      controller.abort();
    });
  });

  describe('subscribers', () => {
    it('have a program each', async () => {
      const pid$ = fromCommand(sh('echo $$'));
      const [one, two] = await Promise.all([firstValueFrom(pid$), firstValueFrom(pid$)]);
      expect(one).not.toBe(two);
    });

    it('run their programs at the same time', async () => {
      const met = join(temporaryFolder(), 'met');
      expect(await outputOf(['mkfifo', met])).toEqual([]);
      // A pipe with a name opens only for two.
      const script = '[ "$1" = w ] && echo hello > "$2" || cat "$2"';
      const [, observed] = await Promise.all([
        outputOf(sh(script, 'w', met)),
        outputOf(sh(script, 'r', met)),
      ]);
      expect(observed).toEqual(['hello']);
    });

    it('are not harmed by one that throws', async () => {
      const errors = collectUnhandled();
      const line$ = fromCommand('seq 3');
      line$.subscribe((line) => {
        throw new Error(`cannot take ${line}`);
      });
      expect(await lastValueFrom(line$.pipe(toArray()))).toEqual(['1', '2', '3']);
      await eventually(() => errors.length === 3);
    });

    it('get the next program after the one before is reaped, under retry and repeat', async () => {
      const pids: string[] = [];
      const alive: boolean[] = [];
      const note = map((pid: string) => {
        alive.push(pids.some((before) => isAlive(Number(before))));
        pids.push(pid);
      });
      await lastValueFrom(fromCommand(sh('echo $$')).pipe(note, repeat(5)));
      await lastValueFrom(fromCommand(sh('echo $$; exit 1')).pipe(note, retry(4))).catch(() => 0);
      expect(alive).toEqual(Array(10).fill(false));
      expect(new Set(pids).size).toBe(10);
    });
  });

  describe('stderr', () => {
    it('does not block when nobody reads it', async () => {
      expect(await outputOf(sh('head -c 20000000 /dev/zero >&2; echo end'))).toEqual(['end']);
    });

    it('is given by line to `stderrLines`', async () => {
      const lines: string[] = [];
      const stderrLines = { next: (line: string) => lines.push(line) };
      await outputOf(sh('echo one >&2; echo two >&2'), { stderrLines });
      expect(lines).toEqual(['one', 'two']);
    });

    it('is kept in the error, 64 KiB of it', async () => {
      const { error } = await failureOf(
        fromCommand(sh('head -c 300000 /dev/zero | tr "\\0" a >&2; printf end >&2; exit 1')),
      );
      const { stderrTail } = (error as ExitError).exit;
      expect(stderrTail).toBe(`${'a'.repeat(64 * 1024 - 3)}end`);
      expect((error as ExitError).message.length).toBeLessThan(1_300);
    });

    it("goes to the host's own with `stderr: 'inherit'`", async () => {
      const { stdout, stderr, end } = await host(`
        ipc.fromCommand(['sh', '-c', 'echo out; echo err >&2'], { stderr: 'inherit' })
          .subscribe((line) => console.log(line));
      `);
      expect({ stdout, stderr, end }).toEqual({ stdout: 'out\n', stderr: 'err\n', end: 0 });
    });
  });

  describe('a host', () => {
    it('ends by itself after an unsubscription', async () => {
      const { end, stderr } = await host(`
        const line$ = ipc.fromCommand('sh -c yes', { input: new Promise(() => {}) });
        const subscription = line$.subscribe(() => subscription.unsubscribe());
      `);
      expect({ end, stderr }).toEqual({ end: 0, stderr: '' });
    });

    it('does not crash when a program closes its stdin and goes on', async () => {
      const { end, stderr, stdout } = await host(`
        ipc.fromCommand(['sh', '-c', 'exec <&-; echo closed; exec sleep 0.2'], {
          input: Array.from({ length: 300000 }, (_, i) => i),
        }).subscribe({ next: console.log, complete: () => console.log('complete') });
      `);
      expect({ end, stderr, stdout }).toEqual({ end: 0, stderr: '', stdout: 'closed\ncomplete\n' });
    });
  });

  describe('with programs that nobody here wrote', () => {
    withProgram('bc')('calculates with bc', async () => {
      expect(await outputOf('bc', { input: ['2^10', 6 * 7] })).toEqual(['1024', '42']);
    });

    withProgram('sqlite3')('asks sqlite3', async () => {
      const input = ["select 'a', 1;", 'select 2 + 2;'];
      expect(await outputOf(['sqlite3', '-batch', ':memory:'], { input })).toEqual(['a|1', '4']);
    });

    it('sorts with sort', async () => {
      const input = numbers(10_000).reverse();
      expectSame(await outputOf('sort -n', { input }), numbers(10_000));
    });

    it('runs node', async () => {
      const script = 'for (const word of process.argv.slice(1)) console.log(word)';
      expect(await outputOf([...node(script), 'two words', 'é'])).toEqual(['two words', 'é']);
    });
  });
});
