import { VirtualTimeScheduler } from 'rxjs';
import {
  createWorker,
  ExitError,
  RestartLimitError,
  restartOnExit,
  SpawnError,
  type WorkerOptions,
} from 'simple-ipc';
import { advance, fakeProgram } from 'simple-ipc/testing';
import {
  checked,
  cleanUp,
  collectUnhandled,
  eventually,
  expectSame,
  first,
  fixture,
  host,
  numbers,
  record,
  sh,
  until,
  use,
  watchWarnings,
} from '../support/programs.js';

/** More than what lies between a program and its reader: pipe, buffer, chunk; in lines of 1,000 bytes. */
const FAR_AHEAD = 1_000;

/** `1`, `2`, … as `seq` prints them. */
const seq = (count: number) => numbers(count + 1).slice(1);

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('OutputIterator', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  function start(command: string | readonly string[], options?: WorkerOptions) {
    const worker = use(createWorker(command, options));
    const statuses = checked([]);
    worker.status$.subscribe((status) => statuses.push(status));
    return worker;
  }

  /** A worker whose program is in memory, and runs; it is restarted after 10 ms of virtual time. */
  async function fake({
    restarted = false,
    ...options
  }: WorkerOptions & { restarted?: boolean } = {}) {
    const scheduler = new VirtualTimeScheduler();
    const supervise = restartOnExit({ delayMs: 10, jitter: false });
    const fakes = fakeProgram(undefined, { scheduler });
    const worker = start('fake', {
      ...options,
      ...(restarted && { supervise }),
      ...fakes.options,
    });
    const pass = (ms: number) => advance(scheduler, ms);
    await pass(0);
    return { fakes, pass, worker, pull: worker[Symbol.asyncIterator](), run: fakes.lastRun };
  }

  const line = (value: string) => ({ done: false, value });
  const end = { done: true, value: undefined };

  /** Pulls to the end. */
  async function linesOf(worker: AsyncIterable<string>, each?: () => Promise<unknown>) {
    const lines: string[] = [];
    for await (const line of worker) {
      lines.push(line);
      await each?.();
    }
    return lines;
  }

  describe('pulling', () => {
    it('gets every line in order', async () => {
      expectSame(await linesOf(start('seq 200000')), seq(200_000));
    });

    it('gets empty lines, and an unterminated last one', async () => {
      expect(await linesOf(start(['printf', String.raw`\n\na\n\nb`]))).toEqual([
        '',
        '',
        'a',
        '',
        'b',
      ]);
    });

    it('gets values that are undefined, as a codec may make them', async () => {
      const codec = {
        decoder: (next: (value: number | undefined) => void) => ({
          write: () => [1, undefined, 2].forEach(next),
          end: () => undefined,
        }),
        encode: String,
      };
      const values: unknown[] = [];
      for await (const value of use(createWorker('echo', { codec }))) values.push(value);
      expect(values).toEqual([1, undefined, 2]);
    });

    it('answers several calls at once in their order, one line each', async () => {
      const { pull, run } = await fake();
      const early = [pull.next(), pull.next(), pull.next()];
      run.print('a\nb\nc\nd\ne');
      expect(await Promise.all(early)).toEqual(['a', 'b', 'c'].map(line));
      expect(await Promise.all([pull.next(), pull.next()])).toEqual(['d', 'e'].map(line));
    });

    it('gives every line to each of several iterators', async () => {
      const worker = start('seq 20000');
      const [quick, slow] = await Promise.all([linesOf(worker), linesOf(worker, turn)]);
      expectSame(quick, seq(20_000));
      expectSame(slow, seq(20_000));
    });

    it('gets only what comes from now on', async () => {
      const { worker, run } = await fake();
      run.print('a');
      const late = worker[Symbol.asyncIterator]();
      run.print('b');
      expect(await late.next()).toEqual(line('b'));
    });

    it('is its own iterator', async () => {
      const { pull } = await fake();
      expect(pull[Symbol.asyncIterator]()).toBe(pull);
    });
  });

  describe('a slow reader', () => {
    it('pauses the program', async () => {
      const slow = start(fixture('writeAndTell.sh'), { stop: { endInputMs: 0 } });
      const twin = start(fixture('writeAndTell.sh'), { stop: { endInputMs: 0 } });
      const { stderr } = record(slow);
      await slow[Symbol.asyncIterator]().next();
      await first(twin.stderr$, (told) => Number(told) > 5 * FAR_AHEAD);
      expect(stderr.length).toBeGreaterThan(0);
      expect(stderr.length).toBeLessThan(FAR_AHEAD);
    });

    it('is never more than a chunk behind', async () => {
      const chunkLines = 65_536 / 1_000;
      const worker = start(['yes', 'x'.repeat(999)], { stop: { endInputMs: 0 } });
      let received = 0;
      worker.output$.subscribe(() => received++);
      const pulled: string[] = [];
      let most = 0;
      for await (const line of worker) {
        most = Math.max(most, received - pulled.push(line));
        if (pulled.length === 3_000) break;
        await turn();
      }
      expect(most).toBeGreaterThan(0);
      expect(most).toBeLessThanOrEqual(chunkLines);
    });

    it('holds the program from the first line that waits until none does', async () => {
      const { pull, run } = await fake();
      expect(run.isPaused).toBe(false);
      run.print('a\nb');
      expect(run.isPaused).toBe(true);
      await pull.next();
      expect(run.isPaused).toBe(true);
      await pull.next();
      expect(run.isPaused).toBe(false);
    });

    it('does not hold the program while it waits for lines', async () => {
      const { pull, run } = await fake();
      const both = [pull.next(), pull.next()];
      run.print('a\nb');
      expect(run.isPaused).toBe(false);
      expect(await Promise.all(both)).toEqual(['a', 'b'].map(line));
    });

    it('governs, if it is the slowest of several', async () => {
      const { worker, pull: quick, run } = await fake();
      const slow = worker[Symbol.asyncIterator]();
      run.print('a\nb');
      expect([await quick.next(), await quick.next()]).toEqual(['a', 'b'].map(line));
      expect(run.isPaused).toBe(true);
      await slow.next();
      expect(run.isPaused).toBe(true);
      await slow.next();
      expect(run.isPaused).toBe(false);
    });

    it('gets what the program wrote before it exited', async () => {
      // More than a chunk, less than what the pipe holds beside it.
      const worker = start('seq 20000');
      const pull = worker[Symbol.asyncIterator]();
      expect(await pull.next()).toEqual(line('1'));
      await until(worker, 'exited');
      expectSame(await linesOf(pull), seq(20_000).slice(1));
    });

    it('does not keep the last output of a stopped program from output$', async () => {
      const worker = start(sh('seq 200000; read -r line; echo last'), {
        stop: { endInputMs: 20_000 },
      });
      const { output } = record(worker);
      await worker[Symbol.asyncIterator]().next();
      // All of it does not fit into the pipe.
      expect(output.length).toBeLessThan(100_000);
      await worker.stop();
      expectSame(output, [...seq(200_000), 'last']);
    });

    it('does not hold a program that is being stopped', async () => {
      const { worker, pull, run } = await fake();
      const stopped = worker.stop();
      run.print('a\nb');
      expect(run.isPaused).toBe(false);
      await stopped;
      expect(await linesOf(pull)).toEqual(['a', 'b']);
    });

    it('does not hold a program that has exited', async () => {
      const { pull, run } = await fake();
      run.print('a\nb');
      expect(run.isPaused).toBe(true);
      run.exit(0);
      expect(run.isPaused).toBe(false);
      expect(await linesOf(pull)).toEqual(['a', 'b']);
    });

    it('does not keep the next run from becoming ready', async () => {
      const { fakes, pass, pull, run } = await fake({
        ready: (output$) => output$,
        startTimeoutMs: 1_000,
        restarted: true,
      });
      run.print('ready\nwaits');
      run.exit(1);
      await pass(10);
      expect(fakes.runs.length).toBe(2);
      // Nobody reads that as long as the program is paused.
      expect(fakes.lastRun.isPaused).toBe(false);
      fakes.lastRun.print('ready again');
      expect(fakes.lastRun.isPaused).toBe(true);
      expect(await Promise.all([pull.next(), pull.next(), pull.next()])).toEqual(
        ['ready', 'waits', 'ready again'].map(line),
      );
    });

    it('may restart a worker that has to become ready', async () => {
      const worker = start(sh('seq 3; exec cat'), {
        ready: (output$) => output$,
        startTimeoutMs: 2_000,
      });
      const pull = worker[Symbol.asyncIterator]();
      await pull.next();
      await worker.restart();
      expect(worker.status$.value).toMatchObject({ state: 'running', generation: 2 });
    });
  });

  describe('leaving the loop', () => {
    const ways: [string, (lines: AsyncIterable<string>) => Promise<unknown>][] = [
      [
        'break',
        async (lines) => {
          for await (const line of lines) if (line) break;
        },
      ],
      [
        'return',
        async (lines) => {
          for await (const line of lines) return line;
          return undefined;
        },
      ],
      [
        'throw',
        async (lines) => {
          for await (const line of lines) throw new Error(line);
        },
      ],
    ];

    it.each(ways)('by %s lets the program go on', async (_, leave) => {
      const worker = start(fixture('writeAndTell.sh'), { stop: { endInputMs: 0 } });
      await leave(worker).catch(() => undefined);
      const { stderr } = record(worker);
      await eventually(() => stderr.length > FAR_AHEAD);
      expect(worker.status$.value.state).toBe('running');
    });

    it('lets go what it held, and takes no more', async () => {
      const { pull, run } = await fake();
      run.print('a\nb');
      expect(await pull.return?.()).toEqual(end);
      expect(run.isPaused).toBe(false);
      run.print('c');
      expect(run.isPaused).toBe(false);
      expect(await pull.next()).toEqual(end);
    });

    it('settles the calls that wait', async () => {
      const { pull } = await fake();
      const waiting = [pull.next(), pull.next()];
      await pull.return?.();
      expect(await Promise.all(waiting)).toEqual([end, end]);
    });

    it('does not let go what another holds', async () => {
      const { worker, pull, run } = await fake();
      const other = worker[Symbol.asyncIterator]();
      run.print('a');
      await pull.return?.();
      expect(run.isPaused).toBe(true);
      await other.return?.();
      expect(run.isPaused).toBe(false);
    });

    it('leaves nothing of the iterator behind, while the life goes on', async () => {
      const { stdout } = await host(`
        import { setFlagsFromString } from 'node:v8';
        import { runInNewContext } from 'node:vm';
        setFlagsFromString('--expose-gc');
        const gc = runInNewContext('gc');
        const worker = ipc.createWorker('cat');
        const left = [];
        for (let i = 0; i < 1_000; i++) {
          const pull = worker[Symbol.asyncIterator]();
          left.push(new WeakRef(pull));
          await pull.return();
        }
        await new Promise((resolve) => setTimeout(resolve));
        gc();
        console.log(left.filter((ref) => ref.deref()).length);
        await worker.stop();
      `);
      // The engine may hold the last one yet.
      expect(Number(stdout)).toBeLessThan(10);
    });
  });

  describe('the end', () => {
    it('comes when the life is over', async () => {
      const { pull, run } = await fake();
      const waiting = [pull.next(), pull.next()];
      run.print('a');
      run.exit(0);
      expect(await Promise.all(waiting)).toEqual([line('a'), end]);
      expect(await pull.next()).toEqual(end);
    });

    it('comes with the error of a life that failed, after all lines', async () => {
      const worker = start(sh('seq 1000; exit 3'));
      const lines: string[] = [];
      const loop = (async () => {
        for await (const line of worker) {
          lines.push(line);
          await turn();
        }
      })();
      await expect(loop).rejects.toBeInstanceOf(ExitError);
      await expect(loop).rejects.toMatchObject({ exit: { code: 3 } });
      expectSame(lines, seq(1_000));
    });

    it('comes with the error of a program that could not be started', async () => {
      await expect(linesOf(start('./no-such-program'))).rejects.toBeInstanceOf(SpawnError);
    });

    it('comes with the error once: for the first of several calls, then without', async () => {
      const { pull, run } = await fake();
      const waiting = [pull.next(), pull.next()];
      run.exit(1);
      expect(await Promise.allSettled(waiting)).toMatchObject([
        { status: 'rejected', reason: { exit: { code: 1 } } },
        { status: 'fulfilled', value: end },
      ]);
      expect(await pull.next()).toEqual(end);
    });

    it('is no unhandled rejection, when nobody pulls', async () => {
      const rejections: unknown[] = [];
      const listen = (reason: unknown) => rejections.push(reason);
      process.on('unhandledRejection', listen);
      const { worker, run } = await fake();
      run.exit(1);
      await until(worker, 'failed');
      await turn();
      await turn();
      process.off('unhandledRejection', listen);
      expect(rejections).toEqual([]);
    });

    it('comes without an error, after all lines, when the worker is stopped in the loop', async () => {
      const worker = start(['yes', 'x'.repeat(999)], { stop: { endInputMs: 20 } });
      const { output } = record(worker);
      const lines = await linesOf(worker, () => worker.stop());
      expect(lines.length).toBe(output.length);
      expect(worker.status$.value.state).toBe('stopped');
    });

    it('comes when the worker is disposed in the loop', async () => {
      const worker = start(['yes', 'x'.repeat(999)], { stop: { endInputMs: 20 } });
      const { output } = record(worker);
      const lines = await linesOf(worker, () => worker[Symbol.asyncDispose]());
      expect(lines.length).toBe(output.length);
    });

    it('comes when the worker is disposed at rest', async () => {
      const worker = start('echo', { start: false });
      const next = worker[Symbol.asyncIterator]().next();
      await worker[Symbol.asyncDispose]();
      expect(await next).toEqual(end);
    });

    it('comes at once for a worker that is disposed already', async () => {
      const unhandled = collectUnhandled();
      const worker = start('echo');
      await worker[Symbol.asyncDispose]();
      expect(await worker[Symbol.asyncIterator]().next()).toEqual(end);
      await turn();
      await turn();
      expect(unhandled).toEqual([]);
    });

    it('lets the next life run, though lines of this one wait yet', async () => {
      const { fakes, pass, worker, pull, run } = await fake();
      run.print('a\nb');
      run.exit(0);
      await until(worker, 'exited');
      await turn();
      worker.start();
      await pass(0);
      expect(fakes.runs.length).toBe(2);
      expect(fakes.lastRun.isPaused).toBe(false);
      expect(await linesOf(pull)).toEqual(['a', 'b']);
    });
  });

  describe('over several runs', () => {
    it('goes on in the same loop, to the end of the life', async () => {
      const worker = start(sh('seq 1000; exit 1'), {
        supervise: restartOnExit({ delayMs: 0, maxRestarts: 2 }),
      });
      const lines: string[] = [];
      const loop = (async () => {
        for await (const line of worker) lines.push(line);
      })();
      await expect(loop).rejects.toBeInstanceOf(RestartLimitError);
      expectSame(lines, [...seq(1_000), ...seq(1_000), ...seq(1_000)]);
    });

    it('goes on after worker.restart() in the loop', async () => {
      const worker = start(sh('echo $$; exec cat'));
      const { statuses } = record(worker);
      const pids: number[] = [];
      for await (const pid of worker) {
        pids.push(Number(pid));
        if (pids.length === 3) break;
        await worker.restart();
      }
      expect(pids).toEqual(
        statuses.flatMap((status) => (status.state === 'running' ? [status.pid] : [])),
      );
    });

    it('holds the next run from its beginning, until no line of the last one waits', async () => {
      const { fakes, pass, pull, run } = await fake({ restarted: true });
      run.print('a\nb');
      run.exit(1);
      await pass(10);
      expect(fakes.runs.length).toBe(2);
      expect(fakes.lastRun.isPaused).toBe(true);
      expect(await Promise.all([pull.next(), pull.next()])).toEqual(['a', 'b'].map(line));
      expect(fakes.lastRun.isPaused).toBe(false);
      fakes.lastRun.print('c');
      expect(await pull.next()).toEqual(line('c'));
    });

    it('does not hold the next run, if it let go in between', async () => {
      const { fakes, pass, pull, run } = await fake({ restarted: true });
      run.print('a');
      run.exit(1);
      await pull.next();
      await pass(10);
      expect(fakes.runs.length).toBe(2);
      expect(fakes.lastRun.isPaused).toBe(false);
    });
  });

  describe('made at rest', () => {
    it('waits for the first life', async () => {
      const worker = start('seq 3', { start: false });
      const lines = linesOf(worker);
      worker.start();
      expect(await lines).toEqual(['1', '2', '3']);
    });

    it.each([
      ['exited', 'echo; exit 0'],
      ['failed', 'echo; exit 1'],
    ] as const)('waits for the next life, though the last one has %s', async (state, script) => {
      const worker = start(sh(script));
      await until(worker, state);
      const loop = linesOf(worker);
      const settled = jest.fn();
      loop.then(settled, settled);
      await turn();
      expect(settled).not.toHaveBeenCalled();
      worker.start();
      if (state === 'failed') await expect(loop).rejects.toBeInstanceOf(ExitError);
      else expect(await loop).toEqual(['']);
    });

    it('waits for the next life, when it is made during the last emission of the one before', async () => {
      const { fakes, pass, worker, run } = await fake();
      let late: Promise<IteratorResult<string>> | undefined;
      worker.status$.subscribe(({ state }) => {
        if (state === 'failed') late = worker[Symbol.asyncIterator]().next();
      });
      run.exit(1);
      await until(worker, 'failed');
      const settled = jest.fn();
      late?.then(settled, settled);
      await turn();
      expect(settled).not.toHaveBeenCalled();
      worker.start();
      await pass(0);
      fakes.lastRun.print('a');
      expect(await late).toEqual(line('a'));
    });
  });
});
