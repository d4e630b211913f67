import fc from 'fast-check';
import {
  EMPTY,
  identity,
  merge,
  of,
  pipe,
  repeat,
  retry,
  takeUntil,
  timeout,
  timer,
  VirtualTimeScheduler,
} from 'rxjs';
import { createWorker, restartOnExit, type Policy, type WorkerStatus } from 'simple-ipc';
import { advance, fakeProgram } from 'simple-ipc/testing';
import { expectEdges } from './support/expectEdges.js';
import { IGNORES, LifeModel, type Temper } from './support/LifeModel.js';

const BUDGET = { delayMs: 100, maxRestarts: 3, withinMs: 10_000, stableAfterMs: 1_000 };
type PolicyOf = (scheduler: VirtualTimeScheduler) => Policy;
const restarting: PolicyOf = () => restartOnExit({ ...BUDGET, jitter: false });

/** A worker over fake programs in virtual time, and all that was seen of it. */
class Rig {
  readonly scheduler = new VirtualTimeScheduler();
  readonly program;
  readonly worker;
  readonly statuses: WorkerStatus[] = [];
  readonly others: WorkerStatus[] = [];
  readonly rejected: number[] = [];
  readonly output: string[] = [];
  readonly printed: string[] = [];
  temper: Temper = 'polite';
  startIsAllowed = false;
  startedUnasked = false;
  sent = 0;

  constructor(policyOf: PolicyOf) {
    const { scheduler } = this;
    // Looked at when a run starts.
    const ignores = () => IGNORES[this.temper];
    this.program = fakeProgram(undefined, {
      scheduler,
      get ignores() {
        return ignores();
      },
    });
    const supervise = policyOf(scheduler);
    this.worker = createWorker('fake', { start: false, supervise, ...this.program.options });
    this.worker.status$.subscribe((status) => {
      this.statuses.push(status);
      this.startedUnasked ||= status.state === 'starting' && !this.startIsAllowed;
    });
    this.worker.status$.subscribe((status) => this.others.push(status));
    this.worker.rejected$.subscribe(({ value }) => this.rejected.push(Number(value)));
    this.worker.output$.subscribe((line) => this.output.push(line));
  }

  get living() {
    return this.program.runs.filter(({ isAlive }) => isAlive);
  }

  pass(ms: number): Promise<void> {
    return advance(this.scheduler, ms);
  }

  /** I1 to I4 and I7 hold at every moment. */
  check(): void {
    expectEdges(this.statuses);
    expect(this.living.length).toBeLessThanOrEqual(1);
    expect(this.output).toEqual(this.printed);
    expect(this.startedUnasked).toBe(false);
    expect(this.others).toEqual(this.statuses);
  }

  /** I5 and the account of the input hold at rest. */
  checkRest(): void {
    expect(this.living).toEqual([]);
    expect(this.scheduler.actions).toEqual([]);
    const received = this.program.runs.flatMap(({ received }) => received).map(Number);
    expect(received).toEqual([...received].sort((a, b) => a - b));
    const all = [...received, ...this.rejected].sort((a, b) => a - b);
    expect(all).toEqual(Array.from({ length: this.sent }, (_, index) => index));
  }
}

/** What the worker is held against: a model, or nothing but the invariants. */
interface Reference {
  readonly model: LifeModel | undefined;
}
type Command = fc.AsyncCommand<Reference, Rig>;
type Act = (rig: Rig, model: LifeModel | undefined) => unknown;

/** Does something, lets time pass, and holds the worker against the model. */
function command(name: string, act: Act, ms = 0): Command {
  return {
    check: () => true,
    toString: () => name,
    async run({ model }, rig) {
      await rig.pass(0);
      act(rig, model);
      await rig.pass(ms);
      model?.pass(ms);
      rig.check();
      if (!model) return;
      const { state } = rig.worker.status$.value;
      const generation = rig.program.runs.length;
      expect({ state, generation }).toEqual({ state: model.state, generation: model.generation });
      expect(rig.living.length).toBe(model.program ? 1 : 0);
      if (model.isResting) rig.checkRest();
    },
  };
}

const start: Act = (rig, model) => {
  rig.startIsAllowed = true;
  rig.worker.start();
  model?.start();
};

const stop: Act = (rig, model) => {
  rig.startIsAllowed = false;
  void rig.worker.stop();
  model?.stop();
};

const restart: Act = (rig, model) => {
  void rig.worker.restart();
  model?.restart();
};

const send: Act = (rig) => {
  for (let i = 0; i < 3; i++) rig.worker.send.next(rig.sent++);
};

const print: Act = (rig) => {
  const [program] = rig.living;
  if (!program) return;
  rig.printed.push(`line ${rig.printed.length}`);
  program.print(rig.printed.at(-1)!);
};

const exit =
  (code: number | null): Act =>
  (rig, model) => {
    if (code === null) rig.living[0]?.crash('SIGKILL');
    else rig.living[0]?.exit(code);
    model?.end(code === 0);
  };

const commands: fc.Arbitrary<Command>[] = [
  fc.constant(command('start', start)),
  fc.constant(command('stop', stop)),
  fc.constant(command('restart', restart)),
  fc.constant(command('send', send)),
  fc.constant(command('print', print)),
  fc.constantFrom(0, 1, null).map((code) => command(`exit ${code}`, exit(code))),
  fc.constantFrom('polite' as const, 'deaf' as const, 'stubborn' as const).map((temper) =>
    command(`the next is ${temper}`, (rig, model) => {
      rig.temper = temper;
      if (model) model.temper = temper;
    }),
  ),
  fc
    .constantFrom(1, 99, 100, 999, 1_000, 5_000, 20_000)
    .map((ms) => command(`${ms} ms pass`, () => undefined, ms)),
];

/** Whatever happened, a dispose brings the worker to rest and completes its streams. */
async function dispose(rig: Rig): Promise<void> {
  rig.startIsAllowed = false;
  const completed: string[] = [];
  const { status$, output$, stderr$, rejected$ } = rig.worker;
  status$.subscribe({ complete: () => completed.push('status$') });
  output$.subscribe({ complete: () => completed.push('output$') });
  stderr$.subscribe({ complete: () => completed.push('stderr$') });
  rejected$.subscribe({ complete: () => completed.push('rejected$') });
  const disposal = rig.worker[Symbol.asyncDispose]();
  await rig.pass(20_000);
  await disposal;
  expect(completed.sort()).toEqual(['output$', 'rejected$', 'status$', 'stderr$']);
  rig.check();
  rig.checkRest();
}

async function inAnyOrder(numRuns: number, make: () => [Rig, LifeModel?]): Promise<void> {
  const sequence = fc.commands(commands, { maxCommands: 30 });
  const property = fc.asyncProperty(sequence, async (list) => {
    const [rig, model] = make();
    await fc.asyncModelRun(() => ({ model: { model }, real: rig }), list);
    await dispose(rig);
  });
  await fc.assert(property, { numRuns });
}

describe('createWorker, in every order of commands', () => {
  it('does what the model does without a policy: 1,000 sequences', async () => {
    await inAnyOrder(1_000, () => [new Rig(() => identity), new LifeModel(undefined)]);
  });

  it('does what the model does with restartOnExit: 1,000 sequences', async () => {
    await inAnyOrder(1_000, () => [new Rig(restarting), new LifeModel(BUDGET)]);
  });

  it.each<[string, PolicyOf]>([
    ['repeat', (scheduler) => repeat({ delay: () => timer(1_000, scheduler) })],
    ['retry', () => retry(3)],
    ['retry with a delay', (scheduler) => retry({ delay: () => timer(500, scheduler) })],
    ['timeout and retry', (scheduler) => pipe(timeout({ each: 300, scheduler }), retry(5))],
    ['takeUntil', (scheduler) => pipe(restarting(scheduler), takeUntil(timer(700, scheduler)))],
    ['two at once', () => (life$) => merge(life$, life$)],
    ['nothing at all', () => () => EMPTY],
    ['made-up statuses', () => () => of({ state: 'running', generation: 7, pid: 7 } as const)],
  ])('keeps the invariants under %s: 150 sequences', async (_name, policyOf) => {
    await inAnyOrder(150, () => [new Rig(policyOf)]);
  });
});
