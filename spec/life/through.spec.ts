import { getEventListeners } from 'node:events';
import {
  concat,
  defer,
  delay,
  from,
  lastValueFrom,
  map,
  NEVER,
  of,
  range,
  Subject,
  take,
  throwError,
  toArray,
  type Observable,
} from 'rxjs';
import {
  bytes,
  ExitError,
  InputOverflowError,
  jsonLines,
  LineBreakError,
  SpawnError,
  through,
  type ThroughOptions,
} from 'simple-ipc';
import { observe } from '../support/fakeWorker.js';
import {
  cleanUp,
  eventually,
  expectSame,
  isAlive,
  node,
  numbers,
  sh,
  watchWarnings,
} from '../support/programs.js';

const all = <T>(source$: Observable<T>) => lastValueFrom(source$.pipe(toArray()));

/** Prints its process id, then its input. */
const sayPid = sh('echo $$; exec cat');

describe('through', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  it('sends the source to stdin, and emits what the program writes', async () => {
    expect(await all(from(['b', 'a']).pipe(through('sort')))).toEqual(['a', 'b']);
  });

  it('emits while the source goes on', async () => {
    const source$ = new Subject<string>();
    const observed = observe(source$.pipe(through('cat')));
    source$.next('a');
    await eventually(() => observed.values.length === 1);
    source$.next('b');
    await eventually(() => observed.values.length === 2);
    expect(observed).toMatchObject({ values: ['a', 'b'], end: 'open' });
    source$.complete();
    await eventually(() => observed.end !== 'open');
    expect(observed.end).toBe('complete');
  });

  it('keeps the order of many lines', async () => {
    const lines$ = range(0, 100_000).pipe(map(String), through('cat'));
    expectSame(await all(lines$), numbers(100_000));
  });

  it('ends the input of the program with an empty source', async () => {
    expect(await all(from([] as string[]).pipe(through('wc -l')))).toEqual(['0']);
  });

  it('can be put behind another', async () => {
    const sorted$ = from(['b', 'a', 'b']).pipe(through('sort'), through('uniq -c'));
    const counts$ = sorted$.pipe(map((line) => line.trim()));
    expect(await all(counts$)).toEqual(['1 a', '2 b']);
  });

  it('takes the options of a run', async () => {
    const options = { codec: jsonLines() } satisfies ThroughOptions<unknown, unknown>;
    expect(await all(of({ a: 1 }).pipe(through('cat', options)))).toEqual([{ a: 1 }]);
    expect(await all(of('a').pipe(through('grep b', { successExits: [0, 1] })))).toEqual([]);
  });

  it('refuses an input in its options: the source is the input', () => {
    const options = { input: ['x'] } as ThroughOptions;
    expect(() => through('cat', options)).toThrow('through: unknown option input');
  });

  it('has a program of its own for each subscription', async () => {
    const pid$ = NEVER.pipe(through(sayPid), take(1));
    const [one, other] = await Promise.all([lastValueFrom(pid$), lastValueFrom(pid$)]);
    expect(one).not.toBe(other);
  });

  it('subscribes to the source anew for each subscription', async () => {
    let subscriptions = 0;
    const lines$ = defer(() => of(String(++subscriptions))).pipe(through('cat'));
    expect(subscriptions).toBe(0);
    expect(await all(lines$)).toEqual(['1']);
    expect(await all(lines$)).toEqual(['2']);
  });

  describe('a program that stops early', () => {
    it('is no error, and ends the source', async () => {
      const source$ = new Subject<string>();
      const observed = observe(source$.pipe(through('head -n 1')));
      source$.next('a');
      source$.next('b');
      await eventually(() => observed.end !== 'open');
      expect(observed).toMatchObject({ values: ['a'], end: 'complete' });
      expect(source$.observed).toBe(false);
    });

    it('is no error, however much it did not read', async () => {
      const lines$ = range(0, 200_000).pipe(map(String), through('head -n 1'));
      expect(await all(lines$)).toEqual(['0']);
    });
  });

  describe('an error', () => {
    it('of the source ends the program, and reaches the subscriber', async () => {
      const source$ = new Subject<string>();
      const observed = observe(source$.pipe(through(sayPid)));
      await eventually(() => observed.values.length === 1);
      source$.error(new Error('source'));
      await eventually(() => observed.end !== 'open');
      expect(observed.end).toEqual(new Error('source'));
      expect(isAlive(Number(observed.values[0]))).toBe(false);
    });

    it('of the source comes even if the program would not end by itself', async () => {
      const source$ = concat(
        of('a').pipe(delay(1)),
        throwError(() => new Error('source')),
      );
      const lines$ = source$.pipe(through('sleep 1000'));
      await expect(all(lines$)).rejects.toEqual(new Error('source'));
    });

    it('is that of a program that fails, after its output', async () => {
      const observed = observe(of('a').pipe(through(sh('cat; echo why >&2; exit 3'))));
      await eventually(() => observed.end !== 'open');
      expect(observed.values).toEqual(['a']);
      expect(observed.end).toBeInstanceOf(ExitError);
      expect(observed.end).toMatchObject({ exit: { code: 3, stderrTail: 'why\n' } });
    });

    it('of the program ends the source', async () => {
      const source$ = new Subject<string>();
      const observed = observe(source$.pipe(through('false')));
      await eventually(() => observed.end !== 'open');
      expect(observed.end).toBeInstanceOf(ExitError);
      expect(source$.observed).toBe(false);
    });

    it('is that of a program that cannot be started', async () => {
      const lines$ = of('a').pipe(through('no-such-program'));
      await expect(all(lines$)).rejects.toBeInstanceOf(SpawnError);
    });

    it('is that of a value that cannot be sent', async () => {
      const lines$ = concat(of('a', 'b\nc'), NEVER).pipe(through('cat'));
      await expect(all(lines$)).rejects.toBeInstanceOf(LineBreakError);
    });

    it('is that of a source that the program does not read in time', async () => {
      const lines$ = concat(range(0, 1_000), NEVER).pipe(
        map(() => 'x'.repeat(1_000)),
        through('sleep 1000', { maxPendingBytes: 100_000 }),
      );
      await expect(all(lines$)).rejects.toBeInstanceOf(InputOverflowError);
    });
  });

  describe('unsubscribing', () => {
    it('ends the program and the source', async () => {
      const source$ = new Subject<string>();
      const observed = observe(source$.pipe(through(sayPid)));
      await eventually(() => observed.values.length === 1);
      expect(isAlive(Number(observed.values[0]))).toBe(true);
      observed.leave();
      expect(source$.observed).toBe(false);
      await eventually(() => !isAlive(Number(observed.values[0])));
      expect(observed.end).toBe('open');
    });

    it('is what take() does', async () => {
      const [pid] = await all(NEVER.pipe(through(sayPid), take(1)));
      await eventually(() => !isAlive(Number(pid)));
      expect(Number(pid)).toBeGreaterThan(1);
    });
  });

  describe('signal', () => {
    it('ends the program and the source, and the stream with its reason', async () => {
      const source$ = new Subject<string>();
      const controller = new AbortController();
      const { signal } = controller;
      const observed = observe(source$.pipe(through(sayPid, { signal })));
      await eventually(() => observed.values.length === 1);
      controller.abort(new Error('enough'));
      expect(observed.end).toEqual(new Error('enough'));
      expect(source$.observed).toBe(false);
      expect(getEventListeners(signal, 'abort')).toEqual([]);
      await eventually(() => !isAlive(Number(observed.values[0])));
    });
  });

  it('passes bytes on, whatever they are', async () => {
    const upper = node(`process.stdin.on('data', (chunk) => {
      process.stdout.write(chunk.map((byte) => 255 - byte));
    })`);
    const source$ = from([Uint8Array.of(0, 10), Uint8Array.of(255)]);
    const chunks = await all(source$.pipe(through(upper, { codec: bytes() })));
    expect([...Buffer.concat(chunks)]).toEqual([255, 245, 0]);
  });

  it.each<[string, unknown, unknown, ErrorConstructor]>([
    ['no command', '', {}, TypeError],
    ['a command that is none', 1, {}, TypeError],
    ['null as options', 'cat', null, TypeError],
    ['a list as options', 'cat', [], TypeError],
    ['a wrong codec', 'cat', { codec: {} }, TypeError],
    ['a negative maxPendingBytes', 'cat', { maxPendingBytes: -1 }, RangeError],
    ['a signal that is none', 'cat', { signal: {} }, TypeError],
  ])('throws at the call for %s', (_, command, options, error) => {
    expect(() => through(command as string, options as ThroughOptions)).toThrow(error);
  });
});
