import fc from 'fast-check';
import {
  concat,
  delay,
  EMPTY,
  filter,
  identity,
  merge,
  observeOn,
  of,
  pipe,
  repeat,
  retry,
  takeUntil,
  timeout,
  timer,
  type VirtualTimeScheduler,
  type MonoTypeOperatorFunction,
} from 'rxjs';
import {
  RestartLimitError,
  restartOnExit,
  StopError,
  type WorkerOptions,
  type WorkerStatus,
} from 'simple-ipc';
import type { Refusal } from 'simple-ipc/testing';
import { cases } from './support/cases.js';
import { expectRest, type Starts } from './support/expectEdges.js';
import { LifeModel, type Temper } from './support/LifeModel.js';
import { LifeRig, MAX_LINE_BYTES, NOTHING } from './support/LifeRig.js';
import { cleanUp, takeWarnings, watchWarnings } from './support/programs.js';

const BUDGET = { delayMs: 100, maxRestarts: 3, withinMs: 10_000, stableAfterMs: 1_000 };
type PolicyOf = (scheduler: VirtualTimeScheduler) => MonoTypeOperatorFunction<WorkerStatus>;
const restarting: PolicyOf = () => restartOnExit({ ...BUDGET, jitter: false });

const LONG_LINE = 'x'.repeat(MAX_LINE_BYTES + 1);

const BACKOFF: WorkerStatus = {
  state: 'backoff',
  exit: {
    command: ['fake'],
    generation: 1,
    code: 1,
    signal: null,
    reason: 'exit-code',
    uptimeMs: 0,
    stderrTail: '',
  },
  attempt: 1,
  delayMs: 1,
  restartAt: 1,
};

/** The reference for the worker: a model, or only the invariants. */
interface Reference {
  readonly model: LifeModel | undefined;
}
type Command = fc.AsyncCommand<Reference, LifeRig>;
type Act = (rig: LifeRig, model: LifeModel | undefined) => unknown;

/** Something that happens to a worker; then time passes. */
interface Deed {
  readonly name: string;
  readonly act: Act;
  readonly ms?: number;
}
const deed = (name: string, act: Act, ms = 0): Deed => ({ name, act, ms });

/** Does something, lets time pass, and holds the worker against the model. */
function command({ name, act, ms = 0 }: Deed): Command {
  return {
    check: () => true,
    toString: () => name,
    async run({ model }, rig) {
      await act(rig, model);
      await rig.pass(ms);
      model?.pass(ms);
      const { state, living } = rig;
      // A start that was asked for before the program survived is refused late.
      const warnings = takeWarnings();
      if (!rig.hasSurvivor) rig.warnings.push(...warnings);
      if (model) {
        const generation = rig.program.runs.length;
        expect({ state, generation, living: living.length }).toEqual({
          state: model.state,
          generation: model.generation,
          living: model.program ? 1 : 0,
        });
      }
      const isAtRest = model?.isResting ?? ['stopped', 'failed'].includes(state);
      if (isAtRest) expect(rig.held).toEqual(NOTHING);
      else if (state === 'exited' || state === 'backoff') expect(living).toEqual([]);
    },
  };
}

const start: Act = (rig, model) => {
  rig.start();
  model?.start();
};

const stop: Act = (rig, model) => {
  rig.stop();
  model?.stop();
};

const restart: Act = (rig, model) => {
  rig.wait(rig.worker.restart());
  model?.restart();
};

const send: Act = (rig) => {
  for (let i = 0; i < 3; i++) rig.worker.send.next(rig.sent++);
};

const exit =
  (code: number | null): Act =>
  (rig, model) => {
    if (code === null) rig.living[0]?.crash('SIGKILL');
    else rig.living[0]?.exit(code);
    model?.end(code === 0);
  };

/** I3: output of the program of an ended run is ignored. */
const speakDead: Act = (rig) => {
  const { scheduler, starts, state, statuses, rejected, output, stderr } = rig;
  const seen = () =>
    [statuses, rejected, output, stderr, scheduler.actions].map((all) => all.length);
  const before = seen();
  const isOver = !['starting', 'running', 'stopping'].includes(state);
  for (const { program, events } of isOver ? starts.all : starts.all.slice(0, -1)) {
    if (program.alive()) continue;
    events.spawned();
    events.stdout(Buffer.from('late\n'));
    events.stderr(Buffer.from('late\n'));
    events.exited(0, null);
    events.closed();
    events.refused(new Error('late'));
  }
  expect(seen()).toEqual(before);
};

const setTemper = (name: Temper): Deed =>
  deed(`the next is ${name}`, (rig, model) => {
    rig.temper = name;
    if (model) model.temper = name;
  });

const tempers = fc.constantFrom<Temper>('polite', 'deaf', 'stubborn', 'immortal');

const deeds: fc.MaybeWeightedArbitrary<Deed>[] = [
  // Most of the others end it.
  { weight: 3, arbitrary: fc.constant(deed('start', start)) },
  fc.constant(deed('stop', stop)),
  fc.constant(deed('restart', restart)),
  fc.constant(deed('send', send)),
  fc.constant(deed('print', (rig) => rig.print(`line ${rig.printed.length}`))),
  fc.constant(deed('the dead speak', speakDead)),
  fc.constantFrom(0, 1, null).map((code) => deed(`exit ${code}`, exit(code))),
  tempers.map(setTemper),
];

const waits = fc
  .constantFrom(1, 99, 100, 999, 1_000, 5_000, 20_000)
  .map((ms) => deed(`${ms} ms pass`, () => undefined, ms));

/** As long as any program withstands it. */
const ladders = fc.constantFrom(
  deed('stop, 10 s', stop, 10_000),
  deed('restart, 10 s', restart, 10_000),
);

/** Each time it may be restarted meanwhile. */
const crashes = fc.integer({ min: 2, max: 4 }).map((times) =>
  deed(`${times} crashes`, async (rig, model) => {
    for (let i = 0; i < times; i++) {
      exit(1)(rig, model);
      await rig.pass(900);
      model?.pass(900);
    }
  }),
);

/** Deeds beyond the model. */
const wildDeeds: typeof deeds = [
  ...deeds,
  fc.constant(deed('end of file', (rig) => rig.worker.send.complete())),
  fc.constant(deed('print ready', (rig) => rig.print('ready'))),
  fc.constant(deed('close stdin', (rig) => rig.closeStdin())),
  fc.constant(deed('print too long a line', (rig) => rig.print(LONG_LINE))),
  fc
    .constantFrom<Refusal>('ENOENT', 'EAGAIN')
    .map((code) => deed(`refuse ${code}`, (rig) => rig.program.refuse(code))),
];

/** Several deeds in one turn, or promises' turns apart. */
const atOnce = fc
  .tuple(fc.array(fc.oneof(...wildDeeds), { minLength: 2, maxLength: 6, size: 'max' }), fc.nat(2))
  .map(([list, turns]) =>
    deed(`(${list.map(({ name }) => name).join(', ')}; ${turns} turns apart)`, async (rig) => {
      for (const { act } of list) {
        act(rig, undefined);
        for (let i = 0; i < turns; i++) await Promise.resolve();
      }
    }),
  );

const commands = fc.oneof(...deeds, waits, ladders, crashes).map(command);
const wildCommands = fc
  .oneof(
    ...wildDeeds,
    ladders,
    crashes,
    { weight: 3, arbitrary: waits },
    { weight: 6, arbitrary: atOnce },
  )
  .map(command);

/** Whatever happened, a dispose brings the worker to rest and completes its streams. */
async function dispose(rig: LifeRig): Promise<void> {
  const completed: string[] = [];
  const { output$, stderr$, rejected$ } = rig.worker;
  output$.subscribe({ complete: () => completed.push('output$') });
  stderr$.subscribe({ complete: () => completed.push('stderr$') });
  rejected$.subscribe({ complete: () => completed.push('rejected$') });
  rig.starts.areAsked = false;
  rig.ends.push('disposed');
  rig.wait(rig.worker[Symbol.asyncDispose]());
  await rig.pass(20_000);
  expect(completed.sort()).toEqual(['output$', 'rejected$', 'stderr$']);
  expectRest(rig.statuses);
  expect(rig.held).toEqual(NOTHING);
  // The survivor exits at last, after dispose.
  rig.living[0]?.exit();
  await rig.pass(0);
  expect(rig.held).toEqual(NOTHING);
  rig.check();
}

/** States that few sequences reach. */
const RARE: Record<string, (status: WorkerStatus, before?: WorkerStatus) => boolean> = {
  'stopping kill': (status) => status.state === 'stopping' && status.stage === 'kill',
  'second backoff': (status) => status.state === 'backoff' && status.attempt > 1,
  limit: (status) => status.state === 'failed' && status.error instanceof RestartLimitError,
  survivor: (status) => status.state === 'failed' && status.error instanceof StopError,
  framing: (status) => status.state === 'stopping' && status.cause === 'framing',
  'stop of a start': (status, before) =>
    status.state === 'stopping' && before?.state === 'starting',
};

/**
 * Tries sequences of commands, most of them after a start.
 *
 * @param least - what must be seen, in more than which share of the sequences.
 */
async function inAnyOrder(
  numRuns: number,
  from: fc.Arbitrary<Command>,
  least: Readonly<Record<string, number>>,
  make: (isAwaited: boolean) => [LifeRig, LifeModel?],
): Promise<void> {
  const seen: string[][] = [];
  const sequence = fc.commands([from], { maxCommands: 30, size: 'max' });
  const property = fc.asyncProperty(
    fc.boolean(),
    fc.nat(4),
    tempers,
    sequence,
    async (isAwaited, startsBefore, temper, list) => {
      const [rig, model] = make(isAwaited);
      const setup = async () => {
        setTemper(temper).act(rig, model);
        if (startsBefore > 0) start(rig, model);
        await rig.pass(0);
        return { model: { model }, real: rig };
      };
      await fc.asyncModelRun(setup, list);
      const statuses = [...rig.statuses];
      await dispose(rig);
      seen.push(
        Object.keys(least).filter((what) =>
          statuses.some((status, i) => RARE[what]?.(status, statuses[i - 1])),
        ),
      );
    },
  );
  await fc.assert(property, { numRuns: cases(numRuns, 25) });
  // The short run tries too few to expect the rare ones.
  if (seen.length < 150) return;
  const share = (what: string) => seen.filter((all) => all.includes(what)).length / seen.length;
  expect(Object.keys(least).filter((what) => share(what) <= least[what]!)).toEqual([]);
}

const SHORT_LINES = { maxLineBytes: MAX_LINE_BYTES };
const AWAITED: WorkerOptions = {
  ...SHORT_LINES,
  ready: (output$) => output$.pipe(filter((line) => line === 'ready')),
  startTimeoutMs: 500,
};

describe('createWorker, in every order of commands', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  it('does what the model does without a policy', async () => {
    const least = { 'stopping kill': 0.02, survivor: 0.01 };
    const make = (): [LifeRig, LifeModel] => [
      new LifeRig(() => identity),
      new LifeModel(undefined),
    ];
    await inAnyOrder(1_000, commands, least, make);
  });

  it('does what the model does with restartOnExit', async () => {
    const least = { 'stopping kill': 0.02, survivor: 0.01, 'second backoff': 0.05, limit: 0.02 };
    const make = (): [LifeRig, LifeModel] => [new LifeRig(restarting), new LifeModel(BUDGET)];
    await inAnyOrder(1_000, commands, least, make);
  });

  it.each<[string, PolicyOf]>([
    ['no policy', () => identity],
    ['restartOnExit', restarting],
    ['repeat', (scheduler) => repeat({ delay: () => timer(1_000, scheduler) })],
    ['retry', () => retry(3)],
    ['retry with a delay', (scheduler) => retry({ delay: () => timer(500, scheduler) })],
    ['timeout and retry', (scheduler) => pipe(timeout({ each: 300, scheduler }), retry(5))],
    ['takeUntil', (scheduler) => pipe(restarting(scheduler), takeUntil(timer(700, scheduler)))],
    [
      'takeUntil, in the backoff after a success',
      (scheduler) =>
        pipe(
          restartOnExit({ when: 'always', delayMs: 1_000, jitter: false }),
          takeUntil(timer(700, scheduler)),
        ),
    ],
    ['two at once', () => (life$) => merge(life$, life$)],
    ['a made-up backoff', () => (life$) => concat(of(BACKOFF), life$)],
    ['a late backoff', (scheduler) => pipe(restarting(scheduler), delay(300, scheduler))],
    ['observed later', (scheduler) => pipe(restarting(scheduler), observeOn(scheduler, 5))],
  ])('keeps the invariants under %s', async (_name, policyOf) => {
    const least = { 'stopping kill': 0.02, framing: 0.02, 'stop of a start': 0.02, survivor: 0 };
    await inAnyOrder(300, wildCommands, least, (isAwaited) => [
      new LifeRig(policyOf, isAwaited ? AWAITED : SHORT_LINES),
    ]);
  });

  it.each<[string, MonoTypeOperatorFunction<WorkerStatus>]>([
    ['nothing at all', () => EMPTY],
    ['made-up statuses', () => of({ state: 'running', generation: 7, pid: 7 } as const)],
  ])('starts nothing under %s', async (_name, policy) => {
    const starts: Starts[] = [];
    await inAnyOrder(50, wildCommands, {}, () => {
      const rig = new LifeRig(() => policy);
      starts.push(rig.starts);
      return [rig];
    });
    expect(starts.flatMap(({ all }) => all)).toEqual([]);
  });
});
