import fc from 'fast-check';
import { identity, map, of, pipe, repeat, retry, take, VirtualTimeScheduler } from 'rxjs';
import { createWorker, exchange, restartOnExit, type Policy, type WorkerStatus } from 'simple-ipc';
import { advance, fakeProgram } from 'simple-ipc/testing';
import { cleanUp, record, takeWarnings, use, watchWarnings } from './support/programs.js';

const key = (line: string) => line.replace('re: ', '');
const ACTIONS = [
  'stop',
  'start',
  'restart',
  'send',
  'complete',
  'crash',
  'exit',
  'askByKey',
] as const;
type Action = (typeof ACTIONS)[number] | 'nothing';

/** What is done whenever somebody is told something, one after the other. */
const script = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: fc.constant<Action>('nothing') },
    { weight: 3, arbitrary: fc.constantFrom<Action>(...ACTIONS) },
  ),
  { minLength: 5, maxLength: 40 },
);

/** A worker whose every subscriber acts from inside of what it is told. */
async function play(policy: Policy, actions: readonly Action[]) {
  const scheduler = new VirtualTimeScheduler();
  const program = fakeProgram(
    map((line: string) => `re: ${line}`),
    { scheduler },
  );
  const worker = use(
    createWorker<string, string>('fake', { ...program.options, supervise: policy, start: false }),
  );
  const sent: string[] = [];
  const promises: Promise<unknown>[] = [];
  const due = [...actions];
  const value = () => {
    const next = `value ${sent.length}`;
    sent.push(next);
    return next;
  };
  const alive = () => program.runs.find(({ isAlive }) => isAlive);
  const acts: Record<Action, () => void> = {
    nothing: () => undefined,
    stop: () => promises.push(worker.stop()),
    start: () => worker.start(),
    restart: () => promises.push(worker.restart()),
    send: () => worker.send.next(value()),
    complete: () => worker.send.complete(),
    // Not from inside: no program ends while it is being spoken to.
    crash: () => void Promise.resolve().then(() => alive()?.crash()),
    exit: () => void Promise.resolve().then(() => alive()?.exit()),
    askByKey: () =>
      of(value()).pipe(exchange(worker, { key }), take(1)).subscribe({ next: act, error: act }),
  };
  function act(): void {
    acts[due.shift() ?? 'nothing']();
  }
  const told = record(worker);
  const others: WorkerStatus[] = [];
  worker.status$.subscribe(act);
  worker.rejected$.subscribe(act);
  worker.output$.subscribe(act);
  worker.status$.subscribe((status) => others.push(status));
  while (due.length > 0) {
    act();
    await advance(scheduler, 20);
  }
  await Promise.all([worker.stop(), ...promises, advance(scheduler, 1_000_000)]);
  return { told, others, sent, program };
}

describe('a worker whose subscribers act from inside of what they are told', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  it.each<[string, () => Policy]>([
    ['without a policy', () => identity],
    ['with restartOnExit', () => restartOnExit({ when: 'always', delayMs: 10, jitter: false })],
    ['with repeat and retry', () => pipe(repeat({ delay: 10 }), retry({ delay: 10 }))],
  ])('keeps what it promises, %s', async (_, policyOf) => {
    await fc.assert(
      fc.asyncProperty(script, async (actions) => {
        const { told, others, sent, program } = await play(policyOf(), actions);
        // Who came later has seen the same since then.
        expect(others).toEqual(told.statuses.slice(-others.length));
        expect(['stopped', 'exited', 'failed']).toContain(told.statuses.at(-1)?.state);
        expect(program.runs.filter(({ isAlive }) => isAlive)).toEqual([]);
        // Each value was read or rejected, once.
        const read = program.runs.flatMap(({ received }) => received);
        const rejected = told.rejected.map((lost) => lost.value);
        expect([...read, ...rejected].sort()).toEqual([...sent].sort());
        takeWarnings();
        await cleanUp();
      }),
      { numRuns: 300 },
    );
  });
});
