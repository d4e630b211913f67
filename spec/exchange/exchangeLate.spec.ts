import {
  firstValueFrom,
  from,
  of,
  Subject,
  switchMap,
  take,
  takeWhile,
  timeout,
  toArray,
  type Observable,
} from 'rxjs';
import { ask, createWorker, exchange, ReplyTimeoutError, type ReactiveWorker } from 'simple-ipc';
import { fakeWorker, observe } from '../support/fakeWorker.js';
import { cleanUp, record, sh, until, use, watchWarnings } from '../support/programs.js';

const reply = take<string>(1);

/** Has the program answer a request: it has started, and is recycled after a time-out. */
async function answerFirst(
  worker: ReactiveWorker<string, string>,
  system: Awaited<ReturnType<typeof fakeWorker>>['system'],
): Promise<void> {
  const observed = observe(ask(worker, 'first', { reply }));
  await system.pass(0);
  system.newest!.print('first\n');
  expect(observed.end).toBe('complete');
}

describe('exchange, when a reply comes late', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  describe('after a time-out', () => {
    it('ends the run, and asks the next request of the next run', async () => {
      const { worker, system, program, recorded } = await fakeWorker();
      await answerFirst(worker, system);
      const one = observe(of('a').pipe(exchange(worker, { reply, timeoutMs: 50 })));
      const two = observe(of('b').pipe(exchange(worker, { reply })));
      await system.pass(49);
      expect(one.end).toBe('open');
      await system.pass(1);
      expect(one.end).toBeInstanceOf(ReplyTimeoutError);
      expect(one.end).toMatchObject({
        message: expect.stringMatching(/"fake" .*timeoutMs \(50\)/),
      });
      await system.pass(0);
      expect(program.received).toEqual(['first', 'a']);
      expect(system.newest).not.toBe(program);
      expect(system.newest!.received).toEqual(['b']);
      system.newest!.print('B\n');
      expect(two).toMatchObject({ values: ['B'], end: 'complete' });
      expect(recorded.states).toEqual([
        'starting',
        'running',
        'stopping eof',
        'starting',
        'running',
      ]);
    });

    it('gives the late reply to nobody, however long the old run takes to end', async () => {
      const { worker, system, program, recorded } = await fakeWorker({ temper: 'deaf' });
      await answerFirst(worker, system);
      const one = observe(of('a').pipe(exchange(worker, { reply, timeoutMs: 50 })));
      await system.pass(50);
      const two = observe(of('b').pipe(exchange(worker, { reply, timeoutMs: 50 })));
      program.print('late A\n');
      await system.pass(0);
      expect(recorded.output).toEqual(['first', 'late A']);
      expect(one.values).toEqual([]);
      await system.pass(999);
      expect(two).toMatchObject({ values: [], end: 'open' });
      program.print('later A\n');
      await system.pass(1);
      system.newest!.print('B\n');
      expect(two.values).toEqual(['B']);
    });

    it('counts from the asking, not from the waiting for a turn', async () => {
      const { worker, system, program } = await fakeWorker();
      const observed = observe(
        from(['a', 'b', 'c']).pipe(exchange(worker, { reply, timeoutMs: 50 })),
      );
      for (const line of ['A', 'B', 'C']) {
        await system.pass(49);
        program.print(`${line}\n`);
      }
      expect(observed).toMatchObject({ values: ['A', 'B', 'C'], end: 'complete' });
      await system.pass(1_000);
      expect(system.programs).toHaveLength(1);
    });

    it('counts from the asking, not from the waiting for a run', async () => {
      const { worker, system, program } = await fakeWorker({ restart: { delayMs: 1_000 } });
      program.exit(1);
      await system.pass(0);
      const observed = observe(of('a').pipe(exchange(worker, { reply, timeoutMs: 50 })));
      await system.pass(1_000);
      expect(system.newest!.received).toEqual(['a']);
      system.newest!.print('A\n');
      expect(observed.values).toEqual(['A']);
    });

    it('is not taken for the next reply, of a real program', async () => {
      // A slow reply comes from behind, while the next request could already be answered.
      const script = `while read -r line; do
        if [ "$line" = slow ]; then (sleep 0.3; echo late) & else echo "got $line"; fi
      done`;
      const worker = use(createWorker<string, string>(sh(script)));
      const { output } = record(worker);
      await until(worker, 'running');
      expect(await firstValueFrom(ask(worker, 'first', { reply }))).toBe('got first');
      const slow = observe(of('slow').pipe(exchange(worker, { reply, timeoutMs: 20 })));
      const next$ = from(['b', 'c']).pipe(exchange(worker, { reply }), toArray());
      expect(await firstValueFrom(next$)).toEqual(['got b', 'got c']);
      expect(slow.end).toBeInstanceOf(ReplyTimeoutError);
      // It came, and reached nobody.
      expect(output).toEqual(['got first', 'late', 'got b', 'got c']);
    });
  });

  describe('after an unsubscription', () => {
    it('keeps the turn until the reply is complete', async () => {
      const { worker, system, program } = await fakeWorker();
      const untilDot = takeWhile((line: string) => line !== '.');
      const one = observe(of('a').pipe(exchange(worker, { reply: untilDot })));
      const two = observe(of('b').pipe(exchange(worker, { reply: untilDot })));
      await system.pass(0);
      program.print('A1\n');
      one.leave();
      await system.pass(10_000);
      expect(program.received).toEqual(['a']);
      program.print('A2\n.\n');
      await system.pass(0);
      expect(program.received).toEqual(['a', 'b']);
      program.print('B\n.\n');
      expect(one.values).toEqual(['A1']);
      expect(two).toMatchObject({ values: ['B'], end: 'complete' });
    });

    it('ends the run when timeoutMs is over', async () => {
      const { worker, system, program } = await fakeWorker({ temper: 'deaf' });
      await answerFirst(worker, system);
      const one = observe(of('a').pipe(exchange(worker, { reply, timeoutMs: 50 })));
      const two = observe(of('b').pipe(exchange(worker, { reply })));
      await system.pass(0);
      one.leave();
      await system.pass(49);
      expect(system.programs).toHaveLength(1);
      await system.pass(1);
      program.print('late A\n');
      await system.pass(1_000);
      expect(system.newest!.received).toEqual(['b']);
      system.newest!.print('B\n');
      expect(one).toMatchObject({ values: [], end: 'open' });
      expect(two.values).toEqual(['B']);
    });

    it('leaves the turn when the run ends, and is not asked again', async () => {
      const { worker, system, program } = await fakeWorker();
      const one = observe(of('a').pipe(exchange(worker, { reply, idempotent: true })));
      const two = observe(of('b').pipe(exchange(worker, { reply })));
      await system.pass(0);
      one.leave();
      program.exit(1);
      await system.pass(10);
      expect(system.newest!.received).toEqual(['b']);
      system.newest!.print('B\n');
      expect(two.values).toEqual(['B']);
    });

    it('is never asked while it waits for its turn', async () => {
      const { worker, system, program } = await fakeWorker();
      observe(of('a').pipe(exchange(worker, { reply })));
      const two = observe(of('b').pipe(exchange(worker, { reply })));
      observe(of('c').pipe(exchange(worker, { reply })));
      await system.pass(0);
      two.leave();
      program.print('A\n');
      await system.pass(0);
      expect(program.received).toEqual(['a', 'c']);
    });

    it('is never asked while it waits for a run, and leaves the turn', async () => {
      const { worker, system } = await fakeWorker({ start: false });
      worker.start();
      const one = observe(of('a').pipe(exchange(worker, { reply })));
      observe(of('b').pipe(exchange(worker, { reply })));
      one.leave();
      await system.pass(0);
      expect(system.newest!.received).toEqual(['b']);
    });

    it('is one of each switch of a switchMap: none gets the reply of another', async () => {
      const { worker, system, program } = await fakeWorker();
      const requests$ = new Subject<string>();
      const reply = (output$: Observable<string>, request: string) =>
        output$.pipe(
          take(1),
          switchMap((line) => of(`${request}=${line}`)),
        );
      const ask = (request: string) => of(request).pipe(exchange(worker, { reply }));
      const observed = observe(requests$.pipe(switchMap(ask)));
      for (const request of ['a', 'b', 'c']) requests$.next(request);
      await system.pass(0);
      program.print('A\n');
      await system.pass(0);
      // A request that is left before its turn is not sent.
      expect(program.received).toEqual(['a', 'c']);
      program.print('C\n');
      expect(observed.values).toEqual(['c=C']);
    });

    it('holds no timer and no turn when the worker is stopped', async () => {
      const { worker, system, scheduler } = await fakeWorker();
      const one = observe(of('a').pipe(exchange(worker, { reply, timeoutMs: 50 })));
      await system.pass(0);
      one.leave();
      await Promise.all([worker.stop(), system.pass(10)]);
      expect(scheduler.actions).toEqual([]);
      worker.start();
      const two = observe(of('b').pipe(exchange(worker, { reply })));
      await system.pass(0);
      system.newest!.print('B\n');
      expect(two.values).toEqual(['B']);
    });
  });

  it('is not taken for the next reply when `reply` errs before the end of its own', async () => {
    const { worker, system, program, scheduler } = await fakeWorker({ temper: 'deaf' });
    await answerFirst(worker, system);
    const impatient = (output$: Observable<string>) =>
      output$.pipe(take(1), timeout({ first: 50, scheduler }));
    const one = observe(of('a').pipe(exchange(worker, { reply: impatient })));
    const two = observe(of('b').pipe(exchange(worker, { reply })));
    await system.pass(50);
    expect(one.end).toMatchObject({ name: 'TimeoutError' });
    program.print('late A\n');
    await system.pass(1_000);
    system.newest!.print('B\n');
    expect(program.received).toEqual(['first', 'a']);
    expect(two.values).toEqual(['B']);
  });
});
