import {
  catchError,
  concat,
  EMPTY,
  from,
  lastValueFrom,
  map,
  mergeMap,
  NEVER,
  of,
  take,
  takeWhile,
  throwError,
  toArray,
  type Observable,
} from 'rxjs';
import { createWorker, exchange, NotRunningError, LineBreakError } from 'simple-ipc';
import { fakeWorker, observe } from '../support/fakeWorker.js';
import {
  cleanUp,
  expectSame,
  fixture,
  numbers,
  record,
  sh,
  until,
  use,
  watchWarnings,
  eventually,
} from '../support/programs.js';

describe('exchange', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  const reply = take<string>(1);

  describe('in turn', () => {
    it('writes a request when the reply before it is complete', async () => {
      const { worker, system, program } = await fakeWorker();
      const observed = observe(from(['a', 'b', 'c']).pipe(exchange(worker, { reply })));
      await system.pass(0);
      expect(program.received).toEqual(['a']);
      program.print('A\n');
      expect(observed.values).toEqual(['A']);
      await system.pass(0);
      expect(program.received).toEqual(['a', 'b']);
      program.print('B\n');
      await system.pass(0);
      program.print('C\n');
      expect(observed).toMatchObject({ values: ['A', 'B', 'C'], end: 'complete' });
    });

    it('gives each request its reply, of a real program', async () => {
      const worker = use(createWorker<string, string>(fixture('greet.sh')));
      const replies$ = from(numbers(1_000)).pipe(exchange(worker, { reply }), toArray());
      expectSame(
        await lastValueFrom(replies$),
        numbers(1_000).map((n) => `got ${n}`),
      );
    });

    it('emits all that `reply` makes of the output, as it comes', async () => {
      const { worker, system, program } = await fakeWorker();
      const reply = (output$: Observable<string>) =>
        output$.pipe(
          takeWhile((line) => line !== '.'),
          map((line) => line.length),
        );
      const observed = observe(from(['a', 'b']).pipe(exchange(worker, { reply })));
      await system.pass(0);
      program.print('1\n22');
      expect(observed.values).toEqual([1]);
      program.print('\n.\n');
      await system.pass(0);
      program.print('.\n');
      expect(observed).toMatchObject({ values: [1, 2], end: 'complete' });
    });

    it('gives `reply` the request', async () => {
      const { worker, system, program } = await fakeWorker();
      const reply = (output$: Observable<string>, request: string) =>
        output$.pipe(
          take(1),
          map((line) => `${request}: ${line}`),
        );
      const observed = observe(of('a').pipe(exchange(worker, { reply })));
      await system.pass(0);
      program.print('A\n');
      expect(observed.values).toEqual(['a: A']);
    });

    it('ignores output from before the request', async () => {
      const { worker, system, program } = await fakeWorker();
      program.print('welcome\n');
      const observed = observe(of('a').pipe(exchange(worker, { reply })));
      await system.pass(0);
      program.print('A\n');
      expect(observed.values).toEqual(['A']);
    });

    it('takes nothing that the worker replays for a reply', async () => {
      const { worker, system, program } = await fakeWorker({ replay: 2 });
      program.print('old\nolder\n');
      const observed = observe(from(['a', 'b']).pipe(exchange(worker, { reply })));
      await system.pass(0);
      expect(observed.values).toEqual([]);
      program.print('A\n');
      await system.pass(0);
      program.print('B\n');
      expect(observed.values).toEqual(['A', 'B']);
    });

    it('makes the requests of all exchanges with a worker take turns', async () => {
      const { worker, system, program } = await fakeWorker();
      const one = observe(from(['a', 'b']).pipe(exchange(worker, { reply })));
      const other = observe(from(['x', 'y']).pipe(exchange(worker, { reply })));
      for (const line of ['1', '2', '3', '4']) {
        await system.pass(0);
        program.print(`${line}\n`);
      }
      expect(program.received).toEqual(['a', 'x', 'b', 'y']);
      expect(one).toMatchObject({ values: ['1', '3'], end: 'complete' });
      expect(other).toMatchObject({ values: ['2', '4'], end: 'complete' });
    });

    it('waits until the program runs', async () => {
      const worker = use(
        createWorker<string, string>(sh('echo ready; while read -r line; do echo "$line"; done'), {
          ready: (output$) => output$,
        }),
      );
      record(worker);
      expect(await lastValueFrom(of('a').pipe(exchange(worker, { reply })))).toBe('a');
    });

    it('asks no more after the source has ended in an error', async () => {
      const { worker, system, program } = await fakeWorker();
      const source$ = concat(
        from(['a', 'b']),
        throwError(() => new Error('source')),
      );
      const observed = observe(source$.pipe(exchange(worker, { reply })));
      await system.pass(0);
      program.print('A\n');
      await system.pass(0);
      expect(observed).toMatchObject({ values: [], end: { message: 'source' } });
      expect(program.received).toEqual(['a']);
    });

    it('goes on with the next request where each has a stream of its own', async () => {
      const { worker, system, program } = await fakeWorker({ restart: { delayMs: 0 } });
      const requests$ = from(['a', 'exit', 'c']).pipe(
        mergeMap((request) =>
          of(request).pipe(
            exchange(worker, { reply }),
            catchError(() => of('failed')),
          ),
        ),
      );
      const observed = observe(requests$);
      await system.pass(0);
      program.print('A\n');
      await system.pass(0);
      program.exit(1);
      await system.pass(0);
      expect(system.newest!.received).toEqual(['c']);
      system.newest!.print('C\n');
      expect(observed).toMatchObject({ values: ['A', 'failed', 'C'], end: 'complete' });
    });
  });

  describe('a reply', () => {
    it('that completes at once ends when the request is written', async () => {
      const { worker, system, program } = await fakeWorker();
      const observed = observe(from(['a', 'b']).pipe(exchange(worker, { reply: () => EMPTY })));
      expect(observed.end).toBe('open');
      await system.pass(0);
      await system.pass(0);
      expect(program.received).toEqual(['a', 'b']);
      expect(observed).toMatchObject({ values: [], end: 'complete' });
    });

    it('may be of the request alone', async () => {
      const { worker, system, program } = await fakeWorker();
      const reply = (_: unknown, request: string) => of(`sent ${request}`);
      const observed = observe(of('a').pipe(exchange(worker, { reply })));
      await system.pass(0);
      expect(program.received).toEqual(['a']);
      expect(observed).toMatchObject({ values: ['sent a'], end: 'complete' });
    });

    it('that completes at once may be of some requests only', async () => {
      const { worker, system, program } = await fakeWorker();
      const reply = (output$: Observable<string>, request: string) =>
        request.startsWith('set') ? EMPTY : output$.pipe(take(1));
      const observed = observe(from(['set x', 'get', 'set y']).pipe(exchange(worker, { reply })));
      await system.pass(0);
      expect(program.received).toEqual(['set x', 'get']);
      program.print('x\n');
      await system.pass(0);
      expect(program.received).toEqual(['set x', 'get', 'set y']);
      expect(observed).toMatchObject({ values: ['x'], end: 'complete' });
    });

    it('that completes at once fails if the request cannot be sent', async () => {
      const { worker, system } = await fakeWorker();
      const observed = observe(of('a\nb').pipe(exchange(worker, { reply: () => EMPTY })));
      await system.pass(0);
      expect(observed.end).toBeInstanceOf(LineBreakError);
    });

    it.each([
      [
        'throws',
        () => {
          throw new Error('mine');
        },
      ],
      ['errors at once', () => throwError(() => new Error('mine'))],
    ])('that %s fails the exchange, is not asked, and leaves the turn', async (_, wrong) => {
      const { worker, system, program, recorded } = await fakeWorker();
      const waiting = observe(of('before').pipe(exchange(worker, { reply })));
      const observed = observe(from(['a', 'b']).pipe(exchange(worker, { reply: wrong })));
      const after = observe(of('after').pipe(exchange(worker, { reply })));
      await system.pass(0);
      program.print('1\n');
      await system.pass(0);
      program.print('2\n');
      await system.pass(0);
      expect(observed.end).toEqual(new Error('mine'));
      expect(waiting).toMatchObject({ values: ['1'], end: 'complete' });
      expect(after).toMatchObject({ values: ['2'], end: 'complete' });
      expect(program.received).toEqual(['before', 'after']);
      expect(recorded.states).toEqual(['starting', 'running']);
    });

    it('that is no Observable fails the exchange', async () => {
      const { worker, system } = await fakeWorker();
      const observed = observe(of('a').pipe(exchange(worker, { reply: (() => 1) as never })));
      await system.pass(0);
      expect(observed.end).toBeInstanceOf(TypeError);
    });
  });

  describe('a worker at rest', () => {
    it.each<[string, any]>([
      ['reply', { reply }],
      ['a reply at once', { reply: () => EMPTY }],
      ['key', { key: (line: string) => line }],
    ])('fails the exchange with NotRunningError, by %s', async (_, options) => {
      const { worker, system } = await fakeWorker({ start: false });
      const ask = () => observe(of('a').pipe(exchange<string, string, string>(worker, options)));
      const never = ask();
      await system.pass(0);
      expect(never.end).toBeInstanceOf(NotRunningError);
      worker.start();
      await system.pass(0);
      await Promise.all([worker.stop(), system.pass(10)]);
      const stopped = ask();
      await system.pass(0);
      expect(stopped.end).toBeInstanceOf(NotRunningError);
      await worker[Symbol.asyncDispose]();
      const disposed = ask();
      await system.pass(0);
      expect(disposed).toMatchObject({ values: [], end: { name: 'NotRunningError' } });
    });

    it('fails the exchanges that were under way or waiting when it was stopped', async () => {
      const worker = use(createWorker<string, string>('cat'));
      record(worker);
      await until(worker, 'running');
      const asked = [1, 2, 3].map(() =>
        observe(of('a').pipe(exchange(worker, { reply: () => NEVER as Observable<string> }))),
      );
      await worker[Symbol.asyncDispose]();
      await eventually(() => asked.every(({ end }) => end !== 'open'));
      expect(asked.map(({ end }) => end)).toEqual([
        expect.objectContaining({ name: 'ExitError' }),
        expect.objectContaining({ name: 'NotRunningError' }),
        expect.objectContaining({ name: 'NotRunningError' }),
      ]);
    });
  });
});
