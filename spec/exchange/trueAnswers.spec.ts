import { catchError, from, lastValueFrom, of, range, map, take, takeWhile, toArray } from 'rxjs';
import {
  ask,
  createPool,
  createWorker,
  exchange,
  restartOnExit,
  type ReactiveWorker,
} from 'simple-ipc';
import { fakeWorker, observe } from '../support/fakeWorker.js';
import {
  cleanUp,
  eventually,
  record,
  sh,
  takeWarnings,
  use,
  watchWarnings,
} from '../support/programs.js';

const reply = take<string>(1);
const always = restartOnExit({ when: 'always', delayMs: 0, maxRestarts: Infinity });

/** The reply of one request, or the name of its error. */
const answer = (worker: ReactiveWorker<string, string>, request: string, options: object = {}) =>
  lastValueFrom(
    ask(worker, request, { reply, ...options }).pipe(
      catchError((error: unknown) => of((error as Error).name)),
    ),
  );

describe('ask and exchange', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  describe('with a program that dies in the middle of its reply', () => {
    const cut = sh('read q; printf "balance 12"; kill -9 $$');

    it.each([
      ['a worker', () => use(createWorker<string, string>(cut, { supervise: always }))],
      ['a pool', () => use(createPool<string, string>(cut, { size: 1, supervise: always }))],
    ])('fail with ExitError, and emit no part of it: %s', async (_, create) => {
      for (const options of [{}, { idempotent: true, maxAttempts: 2 }]) {
        const observed = observe(ask(create(), 'q', { reply, ...options }));
        await eventually(() => observed.end !== 'open');
        expect(observed.values).toEqual([]);
        expect(observed.end).toMatchObject({ name: 'ExitError', exit: { signal: 'SIGKILL' } });
      }
    });

    it('ask again what is idempotent, and emit the whole reply', async () => {
      const { worker, system, program } = await fakeWorker();
      const observed = observe(ask(worker, 'q', { reply, idempotent: true }));
      await system.pass(0);
      program.print('bestmove e7e8');
      program.crash('SIGKILL');
      await system.pass(10);
      expect(observed.values).toEqual([]);
      system.newest!.print('bestmove e7e8q\n');
      expect(observed).toMatchObject({ values: ['bestmove e7e8q'], end: 'complete' });
    });

    it('take nothing that was cut for a reply by key', async () => {
      const { worker, system, program } = await fakeWorker();
      const key = (line: string) => line.split(' ')[0];
      const observed = observe(ask(worker, '1 q', { key }));
      await system.pass(0);
      program.print('1 balance 12');
      program.crash();
      expect(observed).toMatchObject({ values: [], end: { name: 'ExitError' } });
    });

    it('take an unterminated line for a reply only from a program that exits with success', async () => {
      for (const [code, expected] of [
        [0, { values: ['A'], end: 'complete' }],
        [1, { values: [], end: { name: 'ExitError' } }],
      ] as const) {
        const { worker, system, program } = await fakeWorker();
        const observed = observe(ask(worker, 'a', { reply }));
        await system.pass(0);
        program.print('A');
        program.exit(code);
        expect(observed).toMatchObject(expected);
      }
    });

    it('leave it to output$, where it is delivered', async () => {
      const worker = use(createWorker<string, string>(cut));
      const { output } = record(worker);
      await answer(worker, 'q');
      expect(output).toEqual(['balance 12']);
    });
  });

  describe('with a program that writes what nobody asked for', () => {
    const stray =
      'f=1; while read q; do [ $f ] && printf "warning: cold\\nA$q\\n" || echo "A$q"; f=; done';

    it.each([
      ['a worker', () => use(createWorker<string, string>(sh(stray)))],
      ['a pool', () => use(createPool<string, string>(sh(stray), { size: 1 }))],
    ])('lose step for the one request that it hit, not for the next: %s', async (_, create) => {
      const replies$ = range(1, 6).pipe(map(String), exchange(create(), { reply }), toArray());
      expect(await lastValueFrom(replies$)).toEqual([
        'warning: cold',
        ...['A2', 'A3', 'A4', 'A5', 'A6'],
      ]);
      expect(takeWarnings()).toEqual([
        expect.stringMatching(/wrote what no request asked for: "A1" .*unsolicited\$/),
      ]);
    });

    it('give the next request nothing of a chunk that was read before it was written', async () => {
      const { worker, system, program } = await fakeWorker();
      const strays: string[] = [];
      worker.unsolicited$.subscribe((line) => strays.push(line));
      const observed = observe(from(['a', 'b']).pipe(exchange(worker, { reply })));
      await system.pass(0);
      program.print('A\nstray\n');
      await system.pass(0);
      expect(observed.values).toEqual(['A']);
      expect(strays).toEqual(['stray']);
      program.print('B\n');
      expect(observed).toMatchObject({ values: ['A', 'B'], end: 'complete' });
    });

    it('say once per life what nobody observes', async () => {
      const { worker, system, program } = await fakeWorker();
      observe(ask(worker, 'a', { reply }));
      await system.pass(0);
      program.print('A\n');
      program.print('one\n');
      program.print('two\n');
      expect(takeWarnings()).toEqual([expect.stringContaining('"one"')]);
      await Promise.all([worker.stop(), system.pass(10)]);
      worker.start();
      await system.pass(0);
      observe(ask(worker, 'a', { reply }));
      await system.pass(0);
      system.newest!.print('A\nthree\n');
      expect(takeWarnings()).toEqual([expect.stringContaining('"three"')]);
    });

    it.each<[string, (worker: ReactiveWorker<string, string>) => void]>([
      ['before anything was asked', () => undefined],
      ['after something else was sent', (worker) => worker.send.next('stop')],
    ])('do not mind it %s', async (when, prepare) => {
      const { worker, system, program } = await fakeWorker();
      const strays = observe(worker.unsolicited$);
      if (when.startsWith('after')) {
        observe(ask(worker, 'a', { reply }));
        await system.pass(0);
        program.print('A\n');
      }
      prepare(worker);
      await system.pass(0);
      program.print('info\n');
      expect(strays.values).toEqual([]);
    });
  });

  describe('by key', () => {
    const echoSlowly = sh('while read -r x; do (sleep 0.3; echo "$x") & done');

    it('know the ids of each other, whatever function finds them', async () => {
      const worker = use(createWorker<string, string>(echoSlowly));
      const asked = ['1 alice', '1 bob'].map((request) =>
        observe(ask(worker, request, { key: (line: string) => line.split(' ')[0] })),
      );
      await eventually(() => asked.every(({ end }) => end !== 'open'));
      expect(asked).toMatchObject(
        [
          { values: ['1 alice'], end: 'complete' },
          { values: [], end: { name: 'TypeError' } },
        ].map((each) => ({
          ...each,
          end: typeof each.end === 'string' ? each.end : { name: 'TypeError' },
        })),
      );
    });

    it('never take the reply of an abandoned request for that of another', async () => {
      const worker = use(createWorker<string, string>(echoSlowly));
      const key = (line: string) => line.split(' ')[0];
      const { output } = record(worker);
      const old = observe(ask(worker, '2 old', { key, timeoutMs: 100 }));
      await eventually(() => old.end !== 'open');
      expect(old.end).toMatchObject({ name: 'ReplyTimeoutError' });
      const early = observe(ask(worker, '2 new', { key }));
      await eventually(() => early.end !== 'open');
      expect(early.end).toMatchObject({
        name: 'TypeError',
        message: expect.stringMatching(/the key 2 was abandoned/),
      });
      await eventually(() => output.includes('2 old'));
      const late = observe(ask(worker, '2 new', { key }));
      await eventually(() => late.end !== 'open');
      expect(late).toMatchObject({ values: ['2 new'], end: 'complete' });
    });

    it('forget the abandoned ids with the run', async () => {
      const { worker, system, program } = await fakeWorker();
      const key = (line: string) => line;
      observe(ask(worker, 'a', { key })).leave();
      const left = observe(ask(worker, 'b', { key }));
      await system.pass(0);
      left.leave();
      program.exit(1);
      await system.pass(10);
      const again = observe(ask(worker, 'b', { key }));
      await system.pass(0);
      system.newest!.print('b\n');
      expect(again).toMatchObject({ values: ['b'], end: 'complete' });
    });

    it('end a run that answers nothing at all, and count that', async () => {
      const { worker, system, recorded } = await fakeWorker();
      const key = (line: string) => line;
      for (const request of ['a', 'b', 'c']) {
        observe(ask(worker, request, { key, timeoutMs: 100 }));
        await system.pass(100);
      }
      await system.pass(10);
      expect(recorded.statuses).toContainEqual(
        expect.objectContaining({
          state: 'backoff',
          exit: expect.objectContaining({ reason: 'unhealthy' }),
        }),
      );
      expect(worker.status$.value).toMatchObject({ state: 'running', generation: 2 });
    });

    it('leave a run alone that writes anything between the time-outs', async () => {
      const { worker, system, program } = await fakeWorker();
      const key = (line: string) => line;
      for (const request of ['a', 'b', 'c', 'd', 'e', 'f']) {
        observe(ask(worker, request, { key, timeoutMs: 100 }));
        await system.pass(100);
        if (request === 'b' || request === 'd') program.print('busy\n');
      }
      expect(worker.status$.value).toMatchObject({ state: 'running', generation: 1 });
    });
  });

  describe('with a program that is slow to start', () => {
    const slow = sh('sleep 0.5; while read q; do echo "A$q"; done');

    it('count a run that times out before it ever replied as a failed start', async () => {
      const worker = use(
        createWorker<string, string>(slow, {
          stop: { endInputMs: 0 },
          supervise: restartOnExit({ delayMs: 0, maxRestarts: 2 }),
        }),
      );
      const answers: unknown[] = [];
      for (let i = 0; i < 5; i++) answers.push(await answer(worker, String(i), { timeoutMs: 50 }));
      expect(answers).toEqual([
        ...Array<string>(3).fill('ReplyTimeoutError'),
        ...Array<string>(2).fill('NotRunningError'),
      ]);
      expect(worker.status$.value).toMatchObject({
        state: 'failed',
        error: {
          name: 'RestartLimitError',
          cause: { name: 'UnhealthyError', message: expect.stringContaining('give it `ready`') },
        },
      });
      expect(takeWarnings()).toEqual([expect.any(String)]);
    });

    it('name `ready` in the error', async () => {
      const worker = use(createWorker<string, string>(slow, { supervise: always }));
      const observed = observe(ask(worker, 'a', { reply, timeoutMs: 50 }));
      await eventually(() => observed.end !== 'open');
      expect(observed.end).toMatchObject({ message: expect.stringMatching(/50.*give it `ready`/) });
    });

    it('recycle a run that has replied, which no policy counts', async () => {
      const { worker, system, program, recorded } = await fakeWorker();
      observe(ask(worker, 'a', { reply }));
      await system.pass(0);
      program.print('A\n');
      observe(ask(worker, 'b', { reply, timeoutMs: 50 }));
      await system.pass(50);
      expect(worker.status$.value).toMatchObject({ state: 'running', generation: 2 });
      expect(recorded.states).not.toContain('backoff');
    });
  });

  describe('from inside of `for await`', () => {
    it('get a reply that lies behind unread lines', async () => {
      const worker = use(
        createWorker<string, string>(sh('seq 100000; while read q; do echo "A$q"; done')),
      );
      const answers: unknown[] = [];
      for await (const line of worker) {
        if (line === '3') {
          const reply = takeWhile((each: string) => !each.startsWith('A'), true);
          answers.push(await lastValueFrom(ask(worker, 'q', { reply })));
        }
        if (line === '10') break;
      }
      expect(answers).toEqual(['Aq']);
    });
  });

  describe('limits', () => {
    it('bound the time between two emissions by idleTimeoutMs', async () => {
      const { worker, system, program } = await fakeWorker();
      const untilDot = takeWhile((line: string) => line !== '.', true);
      const observed = observe(ask(worker, 'a', { reply: untilDot, idleTimeoutMs: 100 }));
      await system.pass(90);
      for (let i = 0; i < 3; i++) {
        program.print(`${i}\n`);
        await system.pass(90);
      }
      expect(observed.end).toBe('open');
      await system.pass(10);
      expect(observed.end).toMatchObject({
        name: 'ReplyTimeoutError',
        message: expect.stringContaining('idleTimeoutMs (100)'),
      });
    });
  });
});
