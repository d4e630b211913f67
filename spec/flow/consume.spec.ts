import {
  concat,
  EMPTY,
  firstValueFrom,
  lastValueFrom,
  NEVER,
  of,
  Subject,
  take,
  throwError,
  toArray,
  VirtualTimeScheduler,
} from 'rxjs';
import { createWorker, consume, restartOnExit, type WorkerOptions } from 'simple-ipc';
import { advance, fakeProgram } from 'simple-ipc/testing';
import {
  checked,
  cleanUp,
  collectUnhandled,
  eventually,
  expectSame,
  fixture,
  numbers,
  record,
  sh,
  until,
  use,
  watchWarnings,
} from '../support/programs.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('consume', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  function start(command: string | readonly string[], options?: WorkerOptions) {
    const worker = use(createWorker(command, options));
    const statuses = checked([]);
    worker.status$.subscribe((status) => statuses.push(status));
    return worker;
  }

  /** A worker whose program is in memory, and runs. */
  async function fake() {
    const scheduler = new VirtualTimeScheduler();
    const supervise = restartOnExit({ delayMs: 10, jitter: false });
    const fakes = fakeProgram(undefined, { scheduler });
    const worker = start('fake', { supervise, ...fakes.options });
    const pass = (ms: number) => advance(scheduler, ms);
    await pass(0);
    return { fakes, pass, worker, run: fakes.lastRun };
  }

  /** Work that the test ends. */
  function manualWork() {
    const begun: string[] = [];
    const ends: Subject<string>[] = [];
    return {
      begun,
      project(line: string) {
        begun.push(line);
        const end$ = new Subject<string>();
        ends.push(end$);
        return end$;
      },
      /** Ends the oldest. */
      end(result = '') {
        const end$ = ends.shift();
        end$?.next(result);
        end$?.complete();
      },
      fail: (error: Error) => ends.shift()?.error(error),
    };
  }

  describe('wrong arguments', () => {
    const worker = createWorker('echo', { start: false });
    const project = () => EMPTY;
    const wrong: [string, any, any, any, ErrorConstructor, string][] = [
      ['no worker', undefined, project, {}, TypeError, 'worker'],
      ['what only looks like a worker', { ...worker }, project, {}, TypeError, 'worker'],
      ['an Observable instead of a worker', worker.output$, project, {}, TypeError, 'worker'],
      ['no project', worker, undefined, {}, TypeError, 'project'],
      ['project that is no function', worker, of(1), {}, TypeError, 'project'],
      ['concurrency 0', worker, project, { concurrency: 0 }, RangeError, 'concurrency'],
      ['a negative concurrency', worker, project, { concurrency: -1 }, RangeError, 'concurrency'],
      ['concurrency that is NaN', worker, project, { concurrency: NaN }, RangeError, 'concurrency'],
      ['concurrency as text', worker, project, { concurrency: '2' }, TypeError, 'concurrency'],
      ['a negative highWater', worker, project, { highWater: -1 }, RangeError, 'highWater'],
      ['highWater that is NaN', worker, project, { highWater: NaN }, RangeError, 'highWater'],
      ['highWater as text', worker, project, { highWater: '1' }, TypeError, 'highWater'],
    ];

    it.each(wrong)(
      'throws at the call for %s',
      (_, notWorker, notProject, options, error, argument) => {
        const call = () => consume(notWorker, notProject, options);
        expect(call).toThrow(error);
        expect(call).toThrow(`${argument} must be`);
      },
    );
  });

  describe('results', () => {
    it('are those of every line, in order, one at a time by default', async () => {
      const worker = start('seq 5000');
      let active = 0;
      let most = 0;
      const results$ = consume(worker, async (line) => {
        most = Math.max(most, ++active);
        if (Number(line) % 10 === 0) await turn();
        active--;
        return `<${line}>`;
      });
      const results = await lastValueFrom(results$.pipe(take(5_000), toArray()));
      expectSame(
        results,
        numbers(5_001)
          .slice(1)
          .map((line) => `<${line}>`),
      );
      expect(most).toBe(1);
    });

    it('are all that project emits for a line, from any ObservableInput', async () => {
      const worker = start('seq 2');
      const results$ = consume(worker, (line) => [line, line]);
      expect(await lastValueFrom(results$.pipe(take(4), toArray()))).toEqual(['1', '1', '2', '2']);
    });

    it('come as they are ready, up to `concurrency` lines at a time', async () => {
      const { worker, run } = await fake();
      const work = manualWork();
      const results: string[] = [];
      consume(worker, work.project, { concurrency: 3 }).subscribe((result) => results.push(result));
      run.print('a\nb\nc\nd\ne');
      expect(work.begun).toEqual(['a', 'b', 'c']);
      work.end('A');
      expect(work.begun).toEqual(['a', 'b', 'c', 'd']);
      work.end('B');
      work.end('C');
      expect(work.begun).toEqual(['a', 'b', 'c', 'd', 'e']);
      expect(results).toEqual(['A', 'B', 'C']);
    });

    it('are those of the lines from the subscription on, of every run and life', async () => {
      const { fakes, pass, worker, run } = await fake();
      const results: string[] = [];
      run.print('before');
      consume(worker, (line) => of(line)).subscribe((result) => results.push(result));
      run.print('a');
      run.exit(1);
      await pass(10);
      fakes.lastRun.print('b');
      await worker.stop();
      worker.start();
      await pass(0);
      fakes.lastRun.print('c');
      expect(results).toEqual(['a', 'b', 'c']);
    });

    it('are made anew for each subscription', async () => {
      const { worker, run } = await fake();
      const work = manualWork();
      const results$ = consume(worker, work.project);
      run.print('before');
      expect(work.begun).toEqual([]);
      results$.subscribe();
      results$.subscribe();
      run.print('a');
      expect(work.begun).toEqual(['a', 'a']);
    });

    it('are counted for each subscription by itself', async () => {
      const { worker, run } = await fake();
      const results$ = consume(worker, () => NEVER);
      const [one, other] = [results$.subscribe(), results$.subscribe()];
      run.print('a\nb');
      one.unsubscribe();
      expect(run.isPaused).toBe(true);
      other.unsubscribe();
      expect(run.isPaused).toBe(false);
    });
  });

  describe('the program', () => {
    it('is paused while a line waits, and goes on when none does', async () => {
      const { worker, run } = await fake();
      const work = manualWork();
      consume(worker, work.project).subscribe();
      run.print('a');
      expect(run.isPaused).toBe(false);
      run.print('b\nc');
      expect(run.isPaused).toBe(true);
      work.end();
      expect(run.isPaused).toBe(true);
      // The last one is worked on, but nothing waits.
      work.end();
      expect(work.begun).toEqual(['a', 'b', 'c']);
      expect(run.isPaused).toBe(false);
    });

    it('is paused only when more than `highWater` lines wait', async () => {
      const { worker, run } = await fake();
      const work = manualWork();
      consume(worker, work.project, { concurrency: 2, highWater: 3 }).subscribe();
      run.print('a\nb\n1\n2\n3');
      expect(run.isPaused).toBe(false);
      run.print('4\n5');
      expect(run.isPaused).toBe(true);
      work.end();
      expect(run.isPaused).toBe(true);
      work.end();
      expect(run.isPaused).toBe(false);
      run.print('6');
      expect(run.isPaused).toBe(true);
    });

    it('never gets more than `highWater` lines and a chunk ahead', async () => {
      const [highWater, chunkLines] = [100, 65_536 / 1_000];
      const worker = start(['yes', 'x'.repeat(999)], { stop: { endInputMs: 0 } });
      let received = 0;
      let begun = 0;
      let most = 0;
      worker.output$.subscribe(() => received++);
      const results$ = consume(
        worker,
        async () => {
          most = Math.max(most, received - ++begun);
          await turn();
        },
        { highWater },
      );
      await lastValueFrom(results$.pipe(take(3_000)));
      expect(most).toBeGreaterThan(highWater);
      expect(most).toBeLessThanOrEqual(highWater + chunkLines);
    });

    it('blocks, and goes on where it was', async () => {
      const worker = start(fixture('writeAndTell.sh'), { stop: { endInputMs: 0 } });
      const twin = start(fixture('writeAndTell.sh'), { stop: { endInputMs: 0 } });
      const [recorded, toldByTwin] = [record(worker).stderr, record(twin).stderr];
      const subscription = consume(worker, () => NEVER).subscribe();
      await eventually(() => toldByTwin.length > 5_000);
      // Not more than what pipe, buffer and chunk hold.
      expect(recorded.length).toBeGreaterThan(0);
      expect(recorded.length).toBeLessThan(1_000);
      subscription.unsubscribe();
      await eventually(() => recorded.length > 1_000);
      expectSame(recorded, numbers(recorded.length + 1).slice(1));
    });

    it('is paused as long as the slowest of several is behind', async () => {
      const { worker, run } = await fake();
      const [quick, slow] = [manualWork(), manualWork()];
      consume(worker, quick.project).subscribe();
      consume(worker, slow.project).subscribe();
      run.print('a\nb');
      quick.end();
      quick.end();
      expect(run.isPaused).toBe(true);
      slow.end();
      expect(run.isPaused).toBe(false);
    });

    it('is paused by an iterator beside it, too', async () => {
      const { worker, run } = await fake();
      const pull = worker[Symbol.asyncIterator]();
      consume(worker, () => EMPTY).subscribe();
      run.print('a');
      expect(run.isPaused).toBe(true);
      await pull.next();
      expect(run.isPaused).toBe(false);
    });

    it('is paused from its beginning, if lines of the run before it wait', async () => {
      const { fakes, pass, worker, run } = await fake();
      const work = manualWork();
      consume(worker, work.project).subscribe();
      run.print('a\nb');
      run.exit(1);
      await pass(10);
      expect(fakes.runs.length).toBe(2);
      expect(fakes.lastRun.isPaused).toBe(true);
      work.end();
      expect(fakes.lastRun.isPaused).toBe(false);
    });

    it('is not paused while it is being stopped: its last output arrives', async () => {
      const worker = start(sh('seq 200000; read -r line; echo last'), {
        stop: { endInputMs: 20_000 },
      });
      const { output } = record(worker);
      consume(worker, () => NEVER).subscribe();
      await firstValueFrom(worker.output$);
      await worker.stop();
      expectSame(output, [...numbers(200_001).slice(1), 'last']);
    });
  });

  describe('the end', () => {
    it.each([
      [
        'project throws',
        () => {
          throw new Error('wrong');
        },
      ],
      ['what project returns errors', () => throwError(() => new Error('wrong'))],
    ])('is the error, when %s, and lets the program go on', async (_, fail) => {
      const { worker, run } = await fake();
      const errors: unknown[] = [];
      const begun: string[] = [];
      consume(worker, (line) => {
        begun.push(line);
        return line === 'b' ? fail() : EMPTY;
      }).subscribe({ error: (error: unknown) => errors.push(error) });
      run.print('a\nb\nc\nd');
      expect(errors).toEqual([new Error('wrong')]);
      expect(begun).toEqual(['a', 'b']);
      expect(run.isPaused).toBe(false);
      run.print('e');
      expect(run.isPaused).toBe(false);
      expect(worker.status$.value.state).toBe('running');
    });

    it('is the error of work that fails while lines wait, and lets the program go on', async () => {
      const { worker, run } = await fake();
      const unhandled = collectUnhandled();
      const work = manualWork();
      const errors: unknown[] = [];
      consume(worker, work.project).subscribe({ error: (error: unknown) => errors.push(error) });
      run.print('a\nb\nc');
      expect(run.isPaused).toBe(true);
      work.fail(new Error('wrong'));
      expect(errors).toEqual([new Error('wrong')]);
      expect(run.isPaused).toBe(false);
      expect(work.begun).toEqual(['a']);
      await turn();
      expect(unhandled).toEqual([]);
    });

    it('is the error of project for a line that waited', async () => {
      const { worker, run } = await fake();
      const first$ = new Subject<never>();
      const errors: unknown[] = [];
      consume(worker, (line) => {
        if (line === 'a') return first$;
        throw new Error(line);
      }).subscribe({ error: (error: unknown) => errors.push(error) });
      run.print('a\nb\nc');
      first$.complete();
      expect(errors).toEqual([new Error('b')]);
      expect(run.isPaused).toBe(false);
    });

    it('leaves other consumers alone', async () => {
      const { worker, run } = await fake();
      const work = manualWork();
      const failing$ = consume(worker, () => throwError(() => new Error('wrong')));
      failing$.subscribe({ error: () => {} });
      consume(worker, work.project).subscribe();
      run.print('a\nb');
      expect(run.isPaused).toBe(true);
      work.end();
      expect(run.isPaused).toBe(false);
      expect(work.begun).toEqual(['a', 'b']);
    });

    it('comes with the unsubscription, which ends the work and lets the program go on', async () => {
      const { worker, run } = await fake();
      const work$ = new Subject<never>();
      const subscription = consume(worker, () => work$).subscribe();
      run.print('a\nb');
      expect(run.isPaused).toBe(true);
      subscription.unsubscribe();
      expect(run.isPaused).toBe(false);
      expect(work$.observed).toBe(false);
      run.print('c\nd');
      expect(run.isPaused).toBe(false);
    });

    it('is no end of a life, failed or not', async () => {
      const worker = start(sh('echo a; exit 1'));
      const ended = jest.fn();
      consume(worker, () => EMPTY).subscribe({ complete: ended, error: ended });
      await until(worker, 'failed');
      expect(ended).not.toHaveBeenCalled();
    });

    it('comes on dispose, when the lines that wait are worked off', async () => {
      const { worker, run } = await fake();
      const work = manualWork();
      const results = lastValueFrom(
        concat(consume(worker, work.project), of('end')).pipe(toArray()),
      );
      run.print('a\nb');
      await worker[Symbol.asyncDispose]();
      work.end('A');
      work.end('B');
      expect(await results).toEqual(['A', 'B', 'end']);
    });

    it('comes at once after dispose', async () => {
      const { worker, pass } = await fake();
      await worker[Symbol.asyncDispose]();
      const last = lastValueFrom(
        consume(worker, () => of(1)),
        { defaultValue: 'none' },
      );
      await pass(0);
      expect(await last).toBe('none');
    });
  });
});
