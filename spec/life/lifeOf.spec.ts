import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  concat,
  concatMap,
  defer,
  from,
  map,
  merge,
  NEVER,
  Observable,
  of,
  repeat,
  retry,
  Subject,
  take,
  tap,
  throwError,
  VirtualTimeScheduler,
  type Subscription,
} from 'rxjs';
import {
  ExitError,
  InputClosedError,
  lifeOf,
  SpawnError,
  StartTimeoutError,
  type LifeOptions,
  type WorkerStatus,
} from 'simple-ipc';
import { advance, fakeProgram, type FakeProgramOptions } from 'simple-ipc/testing';
import { observe } from '../support/fakeWorker.js';
import {
  checked,
  cleanUp,
  collectUnhandled,
  eventually,
  expectAlso,
  expectSame,
  fixture,
  groupOf,
  inShort,
  isAlive,
  numbers,
  sh,
  temporaryFolder,
  watchWarnings,
} from '../support/programs.js';

const onLinux = process.platform === 'linux' ? it : it.skip;

/** The statuses of a subscription, and how it ended. */
interface Seen {
  readonly statuses: WorkerStatus[];
  /** Statuses, output and the end, in the order in which they came. */
  readonly all: string[];
  readonly pids: number[];
  error?: unknown;
  /** Settles with the end: `complete` or `error`. */
  readonly end: Promise<string>;
  readonly subscription: Subscription;
}

describe('lifeOf', () => {
  const subscriptions: Subscription[] = [];
  beforeEach(watchWarnings);
  afterEach(async () => {
    for (const subscription of subscriptions.splice(0)) subscription.unsubscribe();
    await cleanUp();
  });

  function subscribe(life$: Observable<WorkerStatus>, all: string[] = []): Seen {
    const statuses: WorkerStatus[] = [];
    const pids: number[] = [];
    let seen: Partial<Seen> = { statuses, all, pids };
    const end = new Promise<string>((ended) => {
      const subscription = life$.subscribe({
        next(status) {
          statuses.push(status);
          all.push(inShort(status));
          if (status.state !== 'starting' || status.pid === undefined) return;
          pids.push(status.pid);
        },
        error(error: unknown) {
          all.push('error');
          seen.error = error;
          ended('error');
        },
        complete() {
          all.push('complete');
          ended('complete');
        },
      });
      seen = Object.assign(seen, { subscription });
      subscriptions.push(subscription);
    });
    return Object.assign(seen, { end }) as Seen;
  }

  /** The same, of a new life, with its output. */
  function live(command: string | readonly string[], options: LifeOptions = {}): Seen {
    const all: string[] = [];
    const output = { next: (line: string) => all.push(line) };
    const seen = subscribe(lifeOf(command, { output, ...options }), all);
    checked(seen.statuses);
    return seen;
  }

  /** One of a program in memory, subscribed to. */
  async function fakeLife({
    ignores,
    ...options
  }: LifeOptions & Pick<FakeProgramOptions, 'ignores'>) {
    const scheduler = new VirtualTimeScheduler();
    const program = fakeProgram(undefined, { scheduler, ...(ignores && { ignores }) });
    const life$ = lifeOf('fake', { ...program.options, ...options });
    const observed = observe(life$);
    await advance(scheduler, 0);
    return { scheduler, program, life$, observed };
  }

  const wrong: [string, any, any, ErrorConstructor][] = [
    ['no command', undefined, {}, TypeError],
    ['NUL in the command', ['cat', '\0'], {}, TypeError],
    ['a string as input', 'cat', { input: 'text' }, TypeError],
    ['a number as input', 'cat', { input: 5 }, TypeError],
    ['null as input', 'cat', { input: null }, TypeError],
    ['an object that is no source as input', 'cat', { input: {} }, TypeError],
    ['a function as output', 'cat', { output: () => undefined }, TypeError],
    ['text as stderrLines', 'cat', { stderrLines: 'inherit' }, TypeError],
    ['true as signal', 'cat', { signal: true }, TypeError],
    ['an object that is no signal', 'cat', { signal: {} }, TypeError],
    ['a negative time', 'cat', { stop: { killMs: -1 } }, RangeError],
  ];
  it.each(wrong)('throws for %s at the call', (_, command, options, error) => {
    expect(() => lifeOf(command, options)).toThrow(error);
  });

  it('starts nothing before it is subscribed to', () => {
    expect(lifeOf('no-such-program')).toBeInstanceOf(Observable);
  });

  it('emits the statuses of a run, and completes', async () => {
    const seen = live('echo hello');
    expect(await seen.end).toBe('complete');
    expect(seen.all).toEqual(['starting', 'running', 'hello', 'exited', 'complete']);
    const [pid] = seen.pids;
    expect(seen.statuses).toMatchObject([
      { state: 'starting', generation: 1, pid },
      { state: 'running', generation: 1, pid },
      { state: 'exited', exit: { generation: 1, code: 0, reason: 'success' } },
    ]);
  });

  it('errors after a failed `exited`', async () => {
    const seen = live(sh('echo hello; echo why >&2; exit 3'));
    await seen.end;
    expect(seen.all).toEqual(['starting', 'running', 'hello', 'exited', 'error']);
    expect(seen.error).toBeInstanceOf(ExitError);
    expect(seen.error).toMatchObject({ exit: { code: 3, stderrTail: 'why\n' } });
  });

  it('errors with a SpawnError after `starting` and `exited`', async () => {
    const seen = live('no-such-program');
    await seen.end;
    expect(seen.all).toEqual(['starting', 'exited', 'error']);
    expect(seen.error).toBeInstanceOf(SpawnError);
    expect(seen.pids).toEqual([]);
  });

  it('errors with a StartTimeoutError when the program is not ready in time', async () => {
    const seen = live('cat', { ready: () => NEVER, startTimeoutMs: 20, input: NEVER });
    await seen.end;
    expect(seen.all).toEqual(['starting', 'stopping eof', 'exited', 'error']);
    expect(seen.error).toBeInstanceOf(StartTimeoutError);
  });

  it('delivers all of the output before `exited`', async () => {
    const seen = live('seq 200000');
    await seen.end;
    expectSame(seen.all, [
      ...['starting', 'running'],
      ...numbers(200_001).slice(1),
      ...['exited', 'complete'],
    ]);
  });

  it('delivers stderr by line to `stderrLines`', async () => {
    const lines: string[] = [];
    const seen = live(sh('echo one >&2; printf two >&2'), {
      stderrLines: { next: (line) => lines.push(line) },
    });
    await seen.end;
    expect(lines).toEqual(['one', 'two']);
  });

  it('calls `next` alone of its observers, however it ends', async () => {
    const calls: string[] = [];
    const observer = {
      next: (line: string) => calls.push(line),
      error: () => calls.push('error'),
      complete: () => calls.push('complete'),
    };
    const life$ = lifeOf(sh('echo out; echo err >&2; exit "$(cat)"'), {
      output: observer,
      stderrLines: observer,
      input: of(1),
    });
    await subscribe(life$).end;
    expect(calls.sort()).toEqual(['err', 'out']);
  });

  it('is not harmed by observers that throw', async () => {
    const errors = collectUnhandled();
    const calls: string[] = [];
    const observer = {
      next(line: string) {
        calls.push(line);
        throw new Error(`cannot take ${line}`);
      },
    };
    const seen = live(sh('seq 3; seq 11 13 >&2'), { output: observer, stderrLines: observer });
    expect(await seen.end).toBe('complete');
    expect(calls.sort()).toEqual(['1', '11', '12', '13', '2', '3']);
    await eventually(() => errors.length === 6);
  });

  it('is not harmed by a subscriber that throws', async () => {
    const errors = collectUnhandled();
    let exited = false;
    const life$ = lifeOf('true').pipe(tap({ complete: () => (exited = true) }));
    subscriptions.push(
      life$.subscribe((status) => {
        throw new Error(`cannot take ${status.state}`);
      }),
    );
    await eventually(() => errors.length === 3);
    expect(exited).toBe(true);
  });

  it('gives an empty stdin without input', async () => {
    const seen = live('cat');
    expect(await seen.end).toBe('complete');
    expect(seen.all).toEqual(['starting', 'running', 'exited', 'complete']);
  });

  it('reads its input anew for each run', async () => {
    let reads = 0;
    const input$ = new Observable<number>((subscriber) => {
      subscriber.next(++reads);
      subscriber.complete();
    });
    const read: string[] = [];
    const life$ = lifeOf('cat', { input: input$, output: { next: (line) => read.push(line) } });
    await subscribe(life$.pipe(repeat(3))).end;
    expect(read).toEqual(['1', '2', '3']);
  });

  it('holds its input until the program is ready', async () => {
    const seen = live('cat', {
      input: ['held'],
      ready: (output$, write) => {
        write('first');
        return output$;
      },
    });
    await seen.end;
    expect(seen.all).toEqual(['starting', 'first', 'running', 'held', 'exited', 'complete']);
  });

  it('unsubscribes from the input when the program ends', async () => {
    let isRead = false;
    const input$ = new Observable<string>(() => {
      isRead = true;
      return () => (isRead = false);
    });
    const seen = live(sh('read line < /dev/null'), { input: input$ });
    expect(isRead).toBe(true);
    await seen.end;
    expect(isRead).toBe(false);
  });

  it('stops the program from SIGTERM on when it is unsubscribed from', async () => {
    const file = join(temporaryFolder(), 'end');
    const all: string[] = [];
    const life$ = lifeOf(fixture('tellEnd.mjs', file), {
      input: NEVER,
      output: { next: (line) => all.push(line) },
    });
    const seen = subscribe(life$);
    await eventually(() => all.includes('ready'));
    seen.subscription.unsubscribe();
    await eventually(() => !seen.pids.some(isAlive));
    expect(readFileSync(file, 'utf8')).toBe('SIGTERM');
    expect(seen.all).toEqual(['starting', 'running']);
  });

  it('stops a program that was just started when it is unsubscribed from', async () => {
    const seen = live('sleep 1000');
    seen.subscription.unsubscribe();
    await eventually(() => !seen.pids.some(isAlive));
    expect(seen.all).toEqual(['starting']);
  });

  it('stops the program when it is unsubscribed from inside of `starting`', async () => {
    const seen = subscribe(lifeOf('sleep 1000').pipe(take(1)));
    expect(await seen.end).toBe('complete');
    await eventually(() => !seen.pids.some(isAlive));
    expect(seen.pids).toHaveLength(1);
  });

  it('serves one subscriber after the other', async () => {
    const life$ = lifeOf('true');
    const all: string[] = [];
    const first = subscribe(life$, all);
    const second = subscribe(life$, all);
    expect(second.statuses).toEqual([]);
    await Promise.all([first.end, second.end]);
    const run = ['starting', 'running', 'exited', 'complete'];
    expect(all).toEqual([...run, ...run]);
    expect(second.statuses).toMatchObject([{ generation: 2 }, { generation: 2 }, {}]);
  });

  it('lets a second subscriber wait until the program of the first is reaped', async () => {
    const output: string[] = [];
    const life$ = lifeOf(fixture('ignoreSigterm.mjs'), {
      stop: { terminateMs: 300 },
      output: { next: (line) => output.push(line) },
    });
    const first = subscribe(life$);
    await eventually(() => output.includes('ready'));
    const second = subscribe(life$);
    first.subscription.unsubscribe();
    expect(first.pids.some(isAlive)).toBe(true);
    expect(second.all).toEqual([]);
    await eventually(() => second.all.includes('running'));
    expect(first.pids.some(isAlive)).toBe(false);
    second.subscription.unsubscribe();
    await eventually(() => !second.pids.some(isAlive));
  });

  it('starts nothing for a subscriber that leaves while it waits', async () => {
    const life$ = lifeOf('cat', { input: NEVER });
    const first = subscribe(life$);
    const second = subscribe(life$);
    await eventually(() => first.all.includes('running'));
    second.subscription.unsubscribe();
    expect(first.all).toEqual(['starting', 'running']);
    first.subscription.unsubscribe();
    await eventually(() => !first.pids.some(isAlive));
    const third = subscribe(life$);
    await eventually(() => third.all.includes('running'));
    expect(third.statuses[0]).toMatchObject({ generation: 2 });
    expect(second.all).toEqual([]);
    third.subscription.unsubscribe();
    await eventually(() => !third.pids.some(isAlive));
  });

  /** Expects that a program that starts is the only one, of all that did. */
  function aloneAmong(pids: number[]) {
    return (status: WorkerStatus) => {
      if (status.state !== 'starting' || status.pid === undefined) return;
      expectAlso(() => expect(pids.filter(isAlive)).toEqual([]));
      pids.push(status.pid);
    };
  }

  it('never has two alive under retry and repeat', async () => {
    const tried = subscribe(lifeOf('false').pipe(tap(aloneAmong([])), retry(2)));
    expect(await tried.end).toBe('error');
    expect(tried.pids).toHaveLength(3);

    const repeated = subscribe(lifeOf('true').pipe(tap(aloneAmong([])), repeat(3)));
    expect(await repeated.end).toBe('complete');
    expect(repeated.pids).toHaveLength(3);

    const ready: LifeOptions['ready'] = (output$) => output$;
    const refused = subscribe(
      lifeOf(fixture('trapSigterm.sh'), { ready }).pipe(
        tap(aloneAmong([])),
        map((status) => {
          if (status.state === 'running') throw new Error('not this one');
          return status;
        }),
        retry(3),
      ),
    );
    expect(await refused.end).toBe('error');
    expect(refused.pids).toHaveLength(4);
    await eventually(() => !refused.pids.some(isAlive));
  });

  it('numbers the generations of all its subscriptions', async () => {
    const life$ = lifeOf('true');
    const seen = subscribe(from([1, 2, 3]).pipe(concatMap(() => life$)));
    await seen.end;
    const generations = seen.statuses.flatMap((status) =>
      status.state === 'starting' ? [status.generation] : [],
    );
    expect(generations).toEqual([1, 2, 3]);
  });

  it('is a life of its own at each call', async () => {
    const input$ = NEVER;
    const both = subscribe(merge(lifeOf('cat', { input: input$ }), lifeOf('true')).pipe(take(5)));
    await both.end;
    expect(new Set(both.pids).size).toBe(2);
  });

  it('stops the program with the reason of the signal', async () => {
    const controller = new AbortController();
    const seen = live('cat', { input: NEVER, signal: controller.signal });
    await eventually(() => seen.all.includes('running'));
    controller.abort(new Error('enough'));
    expect(seen.error).toEqual(new Error('enough'));
    await eventually(() => !seen.pids.some(isAlive));
    expect(seen.all).toEqual(['starting', 'running', 'error']);
  });

  it('stops the program with the error of its input', async () => {
    const error = new Error('of the source');
    const input$ = new Subject<string>();
    const seen = live('cat', { input: input$ });
    input$.next('a');
    input$.error(error);
    await seen.end;
    expect(seen.error).toBe(error);
    expect(seen.statuses.at(-1)).toMatchObject({ exit: { reason: 'input-error' } });
    expect(seen.statuses).toContainEqual(
      expect.objectContaining({ state: 'stopping', cause: 'input-error', stage: 'term' }),
    );
  });

  it('errors with what its input errors with, nothing included', async () => {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- as bad code does
    const seen = live('cat', { input: Promise.reject<string>(undefined) });
    expect(await seen.end).toBe('error');
    expect(seen.error).toBeUndefined();
  });

  it('stops at SIGTERM when it is unsubscribed from while it waits for an end by end-of-file', async () => {
    const { scheduler, program, observed } = await fakeLife({
      ignores: ['eof'],
      maxLineBytes: 5,
      stop: { endInputMs: 60_000 },
    });
    program.lastRun.print('too long');
    await advance(scheduler, 0);
    expect(program.lastRun.signals).toEqual([]);
    observed.leave();
    expect(program.lastRun.signals).toEqual(['SIGTERM', 'SIGCONT']);
    await advance(scheduler, 0);
    expect(scheduler.actions).toEqual([]);
  });

  onLinux('ends descendants when it is unsubscribed from after the exit', async () => {
    const pids: number[] = [];
    const { subscription } = subscribe(
      lifeOf(sh('sleep 1000 & echo $!'), {
        stop: { drainMs: Infinity },
        output: { next: (pid) => pids.push(Number(pid)) },
      }),
    );
    await eventually(() => pids.length > 0);
    // The program itself is reaped.
    await eventually(() => !isAlive(groupOf(pids[0]!)));
    subscription.unsubscribe();
    await eventually(() => !isAlive(pids[0]!));
  });

  onLinux(
    'waits for no output of descendants either, when it was left before the exit',
    async () => {
      const output: string[] = [];
      const program = `trap 'exit 0' TERM; (trap '' TERM; exec sleep 1000) & echo "$!"; while :; do sleep 0.05; done`;
      const life$ = lifeOf(sh(program), {
        stop: { drainMs: Infinity, terminateMs: 100 },
        output: { next: (line) => output.push(line) },
      });
      const { subscription } = subscribe(life$);
      await eventually(() => output.length > 0);
      subscription.unsubscribe();
      await eventually(() => !isAlive(Number(output[0])));
    },
  );

  it('reads its input anew after a run that survived SIGKILL', async () => {
    let reads = 0;
    const { scheduler, program, life$, observed } = await fakeLife({
      ignores: ['eof', 'SIGTERM', 'SIGKILL'],
      input: defer(() => concat([`of read ${++reads}`], NEVER)),
      ready: () => (reads === 1 ? NEVER : of('at once')),
    });
    observed.leave();
    await advance(scheduler, 60_000);
    program.lastRun.exit();
    await advance(scheduler, 0);
    const again = observe(life$);
    await advance(scheduler, 0);
    expect(program.runs.map(({ received }) => received)).toEqual([[], ['of read 2']]);
    program.lastRun.exit();
    await advance(scheduler, 0);
    expect(again.end).toBe('complete');
  });

  it('emits `starting` first when its input errors at once', async () => {
    const seen = live('cat', { input: throwError(() => new Error('at once')) });
    await seen.end;
    expect(seen.all).toEqual(['starting', 'stopping term', 'exited', 'error']);
  });

  it('takes a program that reads no further for no error', async () => {
    const seen = live('true', { input: numbers(100_000) });
    expect(await seen.end).toBe('complete');
    expect(seen.error).not.toBeInstanceOf(InputClosedError);
  });
});
