import fc from 'fast-check';
import {
  defer,
  finalize,
  identity,
  map,
  of,
  pipe,
  repeat,
  retry,
  take,
  tap,
  timer,
  VirtualTimeScheduler,
  type MonoTypeOperatorFunction,
} from 'rxjs';
import {
  createWorker,
  exchange,
  lines,
  restartOnExit,
  type WorkerOptions,
  type WorkerStatus,
} from 'simple-ipc';
import { advance, fakeProgram } from 'simple-ipc/testing';
import { cases } from './support/cases.js';
import { expectEdges, expectRest, Starts } from './support/expectEdges.js';
import { cleanUp, record, use, watchWarnings } from './support/programs.js';

type PolicyOf = (scheduler: VirtualTimeScheduler) => MonoTypeOperatorFunction<WorkerStatus>;

const HELLO = 'hello';
const key = (line: string) => line.replace('re: ', '');
const ACTIONS = [
  'stop',
  'start',
  'restart',
  'send',
  'complete',
  'crash',
  'exit',
  'exchangeByKey',
] as const;
type Action = (typeof ACTIONS)[number] | 'nothing';

/** The actions of the subscribers: each call takes the next. */
const script = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: fc.constant<Action>('nothing') },
    { weight: 3, arbitrary: fc.constantFrom<Action>(...ACTIONS) },
  ),
  { minLength: 5, maxLength: 40, size: 'max' },
);

/** The options that are the user's own functions: each of their calls acts. */
type OwnOf = (act: () => void) => WorkerOptions<string, string>;

/** A worker whose subscribers all act from inside their callbacks. */
async function play(policyOf: PolicyOf, ownOf: OwnOf, actions: readonly Action[]) {
  const scheduler = new VirtualTimeScheduler();
  const program = fakeProgram(
    map((line: string) => `re: ${line}`),
    { scheduler },
  );
  const starts = new Starts(program.options.launch!);
  const { launch } = starts;
  const supervise = policyOf(scheduler);
  const options = { supervise, ...ownOf(act), scheduler, launch, start: false };
  const worker = createWorker('fake', { codec: lines(), ...options });
  use({
    async [Symbol.asyncDispose]() {
      await Promise.all([worker[Symbol.asyncDispose](), advance(scheduler, 100_000)]);
    },
  });
  const sent: string[] = [];
  let waiting = 0;
  const due = [...actions];
  const value = () => {
    const next = `value ${sent.length}`;
    sent.push(next);
    return next;
  };
  const alive = () => program.runs.find(({ isAlive }) => isAlive);
  const acts: Record<Action, () => void> = {
    nothing: () => undefined,
    stop,
    start: () => {
      starts.areAsked = true;
      worker.start();
    },
    restart: () => wait(worker.restart()),
    send: () => worker.send.next(value()),
    complete: () => worker.send.complete(),
    // Not from inside: no program ends while it is being spoken to.
    crash: () => void Promise.resolve().then(() => alive()?.crash()),
    exit: () => void Promise.resolve().then(() => alive()?.exit()),
    exchangeByKey: () =>
      of(value()).pipe(exchange(worker, { key }), take(1)).subscribe({ next: act, error: act }),
  };
  function stop(): void {
    starts.areAsked = false;
    wait(worker.stop());
  }
  function wait(promise: Promise<void>): void {
    waiting++;
    void promise.then(() => waiting--);
  }
  function act(): void {
    acts[due.shift() ?? 'nothing']();
  }
  const recorded = record(worker);
  const others: WorkerStatus[] = [];
  worker.status$.subscribe(act);
  worker.rejected$.subscribe(act);
  worker.output$.subscribe(act);
  worker.status$.subscribe((status) => others.push(status));
  while (due.length > 0) {
    act();
    await advance(scheduler, 20);
  }
  stop();
  await advance(scheduler, 0);
  return { recorded, others, sent, program, scheduler, starts, waiting };
}

async function expectPromises(
  policyOf: PolicyOf,
  ownOf: OwnOf,
  actions: readonly Action[],
): Promise<void> {
  watchWarnings();
  const seen = await play(policyOf, ownOf, actions);
  const { recorded, others, sent, program, scheduler, starts, waiting } = seen;
  expect(starts.broken).toEqual([]);
  // A later subscriber gets the same statuses from then on.
  expect(others).toEqual(recorded.statuses.slice(-others.length));
  expectEdges(recorded.statuses);
  expectRest(recorded.statuses);
  expect(program.runs.filter(({ isAlive }) => isAlive)).toEqual([]);
  expect(scheduler.actions).toEqual([]);
  expect(waiting).toBe(0);
  // Each value was read or rejected, once.
  const read = program.runs.flatMap(({ received }) => received).filter((line) => line !== HELLO);
  const rejected = recorded.rejected.map((lost) => lost.value);
  expect([...read, ...rejected].sort()).toEqual([...sent].sort());
}

const restarting = restartOnExit({ when: 'always', delayMs: 10, jitter: false });

const asUsual: OwnOf = () => ({});

/** At once, every other time. */
const ready: OwnOf = (act) => {
  let calls = 0;
  return {
    ready(output$, write) {
      act();
      write(HELLO);
      act();
      return ++calls % 2 === 0 ? of('at once') : output$.pipe(tap(act), finalize(act));
    },
    startTimeoutMs: 50,
  };
};

/** Fails now and then, too. */
const codec: OwnOf = (act) => {
  const { decoder, encode } = lines();
  let calls = 0;
  function actOrFail(): void {
    act();
    if (++calls % 10 === 0) throw new Error('fails now and then');
  }
  return {
    codec: {
      encode(value: string) {
        actOrFail();
        return encode(value);
      },
      decoder(next, limits) {
        actOrFail();
        const { write, end } = decoder(next, limits);
        return {
          write(chunk) {
            actOrFail();
            write(chunk);
          },
          end() {
            actOrFail();
            end();
          },
        };
      },
    },
  };
};

const policy: OwnOf = (act) => ({
  supervise: (life$) =>
    defer(() => {
      act();
      return life$.pipe(tap(act), restarting, tap(act), finalize(act));
    }),
});

describe('a worker whose subscribers act from inside their callbacks', () => {
  it.each<[string, PolicyOf, OwnOf]>([
    ['without a policy', () => identity, asUsual],
    ['with restartOnExit', () => restarting, asUsual],
    [
      'with repeat and retry',
      (scheduler) =>
        pipe(
          repeat({ delay: () => timer(10, scheduler) }),
          retry({ delay: () => timer(10, scheduler) }),
        ),
      asUsual,
    ],
    ['and so does ready', () => restarting, ready],
    ['and so does the codec', () => restarting, codec],
    ['and so does the policy', () => identity, policy],
  ])('keeps what it promises, %s', async (_, policyOf, ownOf) => {
    const property = fc.asyncProperty(script, (actions) =>
      expectPromises(policyOf, ownOf, actions).finally(cleanUp),
    );
    await fc.assert(property, { numRuns: cases(300, 25) });
  });
});
