import { from, NEVER, retry, take, VirtualTimeScheduler } from 'rxjs';
import { createWorker, exchange, NotRunningError } from 'simple-ipc';
import { advance, fakeProgram } from 'simple-ipc/testing';
import { fakeWorker, hear } from './support/fakeWorker.js';
import {
  cleanUp,
  eventually,
  first,
  record,
  sh,
  takeWarnings,
  use,
  watchWarnings,
} from './support/programs.js';

const key = (line: string) => line;

// An ending has several steps, and between them others are told of it.
describe('whoever hears of an end', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  describe('of an input that is lost with its run', () => {
    it('may stop the worker: nothing follows', async () => {
      const { worker, told, system, program } = await fakeWorker();
      worker.rejected$.subscribe(() => void worker.stop());
      worker.send.next('in flight');
      await Promise.resolve();
      program.crash();
      await system.pass(60_000);
      expect(told.states).toEqual(['starting', 'running', 'stopping eof', 'stopped']);
      worker.start();
      await system.pass(0);
      expect(told.states.at(-1)).toBe('running');
    });

    it('may restart the worker: one run follows', async () => {
      const { worker, told, system, program } = await fakeWorker();
      worker.rejected$.subscribe(() => void worker.restart());
      worker.send.next('in flight');
      await Promise.resolve();
      program.crash();
      await system.pass(60_000);
      const run = ['starting', 'running'];
      expect(told.states).toEqual([...run, 'stopping eof', ...run]);
    });

    it('may stop a real program that has left its stdin to another', async () => {
      const program = sh('exec 3<&0; (exec sleep 1000 <&3) & echo there; read line; exit 1');
      const stop = { endInputMs: 50, terminateMs: 50, killMs: 50, drainMs: 50 };
      const worker = use(createWorker(program, { stop }));
      const { states } = record(worker);
      await first(worker.output$);
      const settled = new Promise<void>((resolve) => {
        worker.rejected$.subscribe(() => resolve(worker.stop()));
      });
      worker.send.next('go');
      worker.send.next('x'.repeat(4_000_000));
      await settled;
      expect(states.at(-1)).toBe('stopped');
      const told = states.length;
      worker.start();
      await first(worker.output$);
      expect(states.slice(told)).toEqual(['starting', 'running']);
    });
  });

  describe('of a run that is restarted, with an exchange under way,', () => {
    it('may stop the worker: no other begins', async () => {
      const { worker, told, system } = await fakeWorker();
      from(['a'])
        .pipe(exchange(worker, { key }))
        .subscribe({ error: () => void worker.stop() });
      await system.pass(0);
      void worker.restart();
      await system.pass(60_000);
      expect(told.states).toEqual(['starting', 'running', 'stopping eof', 'stopped']);
      expect(told.statuses.at(-1)).toMatchObject({ exit: { generation: 1, reason: 'recycled' } });
      expect(system.programs.map(({ isAlive }) => isAlive)).toEqual([false]);
    });

    it('may restart it: one other begins', async () => {
      const { worker, told, system } = await fakeWorker();
      from(['a'])
        .pipe(exchange(worker, { key }))
        .subscribe({ error: () => void worker.restart() });
      await system.pass(0);
      void worker.restart();
      await system.pass(60_000);
      const run = ['starting', 'running'];
      expect(told.states).toEqual([...run, 'stopping eof', ...run]);
      expect(system.programs.map(({ isAlive }) => isAlive)).toEqual([false, true]);
      await Promise.all([worker.stop(), system.pass(60_000)]);
      expect(system.programs.some(({ isAlive }) => isAlive)).toBe(false);
    });
  });

  describe('of an input that no run follows for', () => {
    const restart = { when: 'always', delayMs: 1_000 } as const;

    it('may start the worker: the old life is told to its end before', async () => {
      const { worker, told, system, program } = await fakeWorker({ restart });
      worker.rejected$.subscribe(() => worker.start());
      program.exit(1);
      await system.pass(0);
      worker.send.next('waits');
      await Promise.all([worker.stop(), system.pass(0)]);
      const run = ['starting', 'running'];
      expect(told.states).toEqual([...run, 'exited', 'backoff', 'stopped', ...run]);
    });

    it('may send it again, to the life that it starts', async () => {
      const { worker, told, system, program } = await fakeWorker({ restart });
      worker.rejected$.subscribe(({ value }) => {
        worker.start();
        worker.send.next(`${value} again`);
      });
      program.exit(1);
      await system.pass(0);
      worker.send.next('waits');
      await Promise.all([worker.stop(), system.pass(0)]);
      expect(told.states.at(-1)).toBe('running');
      expect(system.programs.map(({ received }) => received)).toEqual([[], ['waits again']]);
      expect(told.rejected.map(({ value }) => value)).toEqual(['waits']);
    });

    it('may start the worker and stop it: it rests once', async () => {
      const { worker, told, system, program } = await fakeWorker({ restart });
      worker.rejected$.subscribe(() => {
        worker.start();
        void worker.stop();
      });
      program.exit(1);
      await system.pass(0);
      worker.send.next('waits');
      await Promise.all([worker.stop(), system.pass(60_000)]);
      const run = ['starting', 'running'];
      expect(told.states).toEqual([...run, 'exited', 'backoff', 'stopped']);
    });
  });

  describe('of a program that survives SIGKILL', () => {
    async function survive() {
      const scheduler = new VirtualTimeScheduler();
      const program = fakeProgram(() => NEVER, {
        ignores: ['eof', 'SIGTERM', 'SIGKILL'],
        scheduler,
      });
      const worker = use(createWorker<string, string>('fake', program.options));
      const told = record(worker);
      await advance(scheduler, 0);
      return { worker, program, told, pass: (ms: number) => advance(scheduler, ms) };
    }

    it('has what it sends rejected, when the program is gone as well', async () => {
      const { worker, program, told, pass } = await survive();
      await Promise.all([worker.stop(), pass(60_000)]);
      worker.send.next('a');
      program.lastRun.exit();
      await pass(0);
      worker.send.next('b');
      const asked = hear(from(['c']).pipe(exchange(worker, { reply: take(1) })));
      await pass(0);
      expect(told.rejected.map(({ value }) => value)).toEqual(['a', 'b', 'c']);
      expect(asked.end).toBeInstanceOf(NotRunningError);
    });

    it('has it rejected though a start was remembered, which does not come', async () => {
      const { worker, program, told, pass } = await survive();
      const stopped = worker.stop();
      worker.start();
      worker.send.next('a');
      await Promise.all([stopped, pass(60_000)]);
      worker.send.next('b');
      expect(told.rejected.map(({ value }) => value)).toEqual(['a', 'b']);
      expect(told.states.at(-1)).toBe('failed');
      expect(takeWarnings()).toEqual([expect.stringContaining('was not started')]);
      program.lastRun.exit();
      await pass(0);
      expect(told.states.at(-1)).toBe('failed');
    });
  });

  it('of a program that does not exist may try again for ever, and the host goes on', async () => {
    const worker = use(createWorker('no-such-program', { supervise: retry(), start: false }));
    let runs = 0;
    worker.status$.subscribe(({ state }) => (runs += Number(state === 'starting')));
    worker.start();
    await eventually(() => runs > 20);
    await worker.stop();
    expect(worker.status$.value.state).toBe('stopped');
  });
});
