import { join } from 'node:path';
import { identity, noop, of, take, VirtualTimeScheduler } from 'rxjs';
import {
  createWorker,
  exchange,
  InputClosedError,
  restartOnExit,
  type ReactiveWorker,
} from 'simple-ipc';
import { advance, fakeProgram } from 'simple-ipc/testing';
import { observe } from '../support/fakeWorker.js';
import {
  cleanUp,
  eventually,
  first,
  fixture,
  record,
  temporaryFolder,
  use,
  watchWarnings,
} from '../support/programs.js';

interface Options {
  readonly idempotent?: boolean;
  readonly timeoutMs?: number;
}
type Worker = ReactiveWorker<string, string>;
const reply = take<string>(1);
const key = (line: string) => line;

describe.each([
  ['in turn', (worker: Worker, options: Options) => exchange(worker, { reply, ...options })],
  ['by key', (worker: Worker, options: Options) => exchange(worker, { key, ...options })],
])('exchange %s with a program that has closed its stdin', (_, exchangeWith) => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  /** A program that closes its stdin in its first run, and answers in the next. */
  async function start({ isSupervised = true } = {}) {
    const mark = join(temporaryFolder(), 'mark');
    const worker = use(
      createWorker<string, string>(fixture('closeStdinOnce.sh', mark), {
        ...(isSupervised && { supervise: restartOnExit({ when: 'always', delayMs: 0 }) }),
        stop: { endInputMs: 0 },
      }),
    );
    const { rejected } = record(worker);
    await first(worker.output$, (line) => line === 'closed');
    const ask = (request: string, options: Options = {}) =>
      observe(of(request).pipe(exchangeWith(worker, options)));
    return { worker, rejected, ask };
  }

  it('fails with InputClosedError, the next request at once', async () => {
    const { ask } = await start();
    const one = ask('one');
    await eventually(() => one.end !== 'open');
    expect(one.end).toBeInstanceOf(InputClosedError);
    const two = ask('two');
    await eventually(() => two.end !== 'open');
    expect(two.end).toBeInstanceOf(InputClosedError);
  });

  it('fails a second later what is idempotent, if no policy replaces the run, its input being complete too', async () => {
    for (const isKnown of [false, true]) {
      const { worker, rejected, ask } = await start({ isSupervised: false });
      const one = ask('one', { idempotent: true });
      if (isKnown) await eventually(() => rejected.length > 0);
      worker.send.complete();
      await eventually(() => one.end !== 'open');
      expect(one.end).toBeInstanceOf(InputClosedError);
      expect(worker.status$.value).toMatchObject({ state: 'running', generation: 1 });
    }
  });

  it('asks the next run what is idempotent', async () => {
    const { worker, rejected, ask } = await start();
    const one = ask('one', { idempotent: true });
    await eventually(() => rejected.length > 0);
    expect(one.end).toBe('open');
    await worker.restart();
    await eventually(() => one.end !== 'open');
    expect(one).toMatchObject({ values: ['one'], end: 'complete' });
  });

  it('replaces the run a second later if it has a policy, which counts it', async () => {
    const { worker, ask } = await start();
    const statuses = record(worker).statuses;
    const one = ask('one', { idempotent: true });
    await eventually(() => one.end !== 'open');
    expect(one).toMatchObject({ values: ['one'], end: 'complete' });
    expect(statuses).toContainEqual(
      expect.objectContaining({
        state: 'backoff',
        exit: expect.objectContaining({ generation: 1, reason: 'unhealthy' }),
      }),
    );
  });

  /** A worker whose first program reads nothing, and leaves its stdout to another when it ends. */
  function leaveBehind() {
    const scheduler = new VirtualTimeScheduler();
    const fakes = fakeProgram(identity, { scheduler });
    const worker = use(
      createWorker<string, string>('fake', {
        scheduler,
        stop: { drainMs: 3_000 },
        supervise: restartOnExit({ delayMs: 0 }),
        launch: (plan, events) => {
          let isHeld = true;
          const closed = () => {
            if (!isHeld) events.closed();
            isHeld = false;
          };
          const program = fakes.options.launch!(plan, { ...events, closed });
          return fakes.runs.length > 1 ? program : Object.assign(program, { write: noop });
        },
      }),
    );
    record(worker);
    return { scheduler, fakes, worker };
  }

  it('asks the next run when the end of the last one takes long', async () => {
    const { scheduler, fakes, worker } = leaveBehind();
    const one = observe(of('one').pipe(exchangeWith(worker, { idempotent: true })));
    await advance(scheduler, 0);
    fakes.lastRun.crash();
    await advance(scheduler, 2_900);
    expect(one.end).toBe('open');
    await advance(scheduler, 200);
    expect(one).toMatchObject({ values: ['one'], end: 'complete' });
    await Promise.all([worker.stop(), advance(scheduler, 10_000)]);
  });

  it.each([500, 2_000])('fails after timeoutMs all the same: %i', async (timeoutMs) => {
    const { scheduler, fakes, worker } = leaveBehind();
    const one = observe(of('one').pipe(exchangeWith(worker, { idempotent: true, timeoutMs })));
    await advance(scheduler, 0);
    fakes.lastRun.crash();
    await advance(scheduler, timeoutMs - 10);
    expect(one.end).toBe('open');
    await advance(scheduler, 20);
    expect(one.end).toBeInstanceOf(Error);
    await Promise.all([worker.stop(), advance(scheduler, 10_000)]);
  });
});
