import { ignoreElements, type SchedulerLike } from 'rxjs';
import { callable, listOf, methods, oneOf, text } from '../contract/check.js';
import { checkArguments, checkOptions, type Checks } from '../contract/options.js';
import type { Codec, WithCodec } from '../framing/codec.js';
import { lines, type LineInput } from '../framing/lines.js';
import type { RunOptions } from '../run/RunOptions.js';
import { NOT_STARTED, STOP_SIGNALS, type Launch } from '../process/Program.js';
import type { FakeBehaviour, FakeRun, StopRequest } from './FakeRun.js';
import { ScriptedRun } from './ScriptedRun.js';

/** The error code of a refused start. */
export type Refusal = 'ENOENT' | 'EACCES' | 'EAGAIN' | 'EMFILE' | 'E2BIG';

/** Options of {@link fakeProgram}. */
export interface FakeProgramOptions<In = string, Out = LineInput> {
  /**
   * How it reads stdin and writes stdout: the codec of the worker, from the other end.
   * @defaultValue `lines()`
   */
  readonly codec?: Codec<In, Out>;
  /** The requests to end that it ignores; read when a run starts. @defaultValue none */
  readonly ignores?: readonly StopRequest[];
  /**
   * The scheduler of its workers, their restarts and time-outs: a `VirtualTimeScheduler` or a `TestScheduler`.
   * @defaultValue the timers of the host, which the fake timers of jest and vitest replace
   */
  readonly scheduler?: SchedulerLike;
}

const FAKE_CHECKS = {
  codec: methods('decoder', 'encode'),
  ignores: listOf('requests', oneOf('eof', ...STOP_SIGNALS, 'SIGKILL')),
  scheduler: methods('now', 'schedule'),
} satisfies Checks<FakeProgramOptions>;

/** A program that exists in memory only. */
export interface FakeProgram<In = string, Out = LineInput> {
  /** Options that make `createWorker`, `createPool`, `fromCommand`, … run it, whatever their command is. */
  readonly options: Pick<RunOptions, 'launch' | 'scheduler'>;
  /** The runs, oldest first. */
  readonly runs: readonly FakeRun<In, Out>[];
  /** The newest run. @throws Error if there is none. */
  readonly lastRun: FakeRun<In, Out>;
  /** Makes the next start fail with this code. */
  refuse(code: Refusal): void;
}

/**
 * Makes a program for specs: lines in, lines out, without a process. It takes no time: it runs, reads and
 * answers as soon as promises get their turn.
 *
 * @example
 * ```ts
 * const doubler = fakeProgram(map((line) => Number(line) * 2));
 * const worker = createWorker('doubler', { ...doubler.options });
 * worker.output$.subscribe((line) => console.log(line)); // 42
 * worker.send.next(21);
 *
 * const uci = fakeProgram(mergeMap((line) => (line === 'uci' ? ['id name fake', 'uciok'] : [])));
 * const dumb = fakeProgram(); // Writes nothing, ends at end-of-file.
 * const deaf = fakeProgram(() => NEVER, { ignores: ['SIGTERM'] }); // Ends at SIGKILL only.
 * const clock = fakeProgram(() => interval(1_000, scheduler), { scheduler });
 * ```
 *
 * @param behaviour - see {@link FakeBehaviour}.
 * @param options - see {@link FakeProgramOptions}.
 * @returns the program; it can run any number of times, concurrently too.
 * @throws TypeError for a wrong argument.
 */
export function fakeProgram(
  behaviour?: FakeBehaviour,
  options?: FakeProgramOptions & { readonly codec?: undefined },
): FakeProgram;
export function fakeProgram<In, Out>(
  behaviour: FakeBehaviour<NoInfer<In>, NoInfer<Out>> | undefined,
  options: FakeProgramOptions<In, Out> & WithCodec<In, Out>,
): FakeProgram<In, Out>;
export function fakeProgram<In, Out>(
  behaviour: FakeBehaviour<In, Out> = ignoreElements(),
  options: FakeProgramOptions<In, Out> = {},
): FakeProgram<In, Out> {
  checkArguments('fakeProgram', arguments, 2);
  callable('behaviour', behaviour);
  checkOptions('fakeProgram', options, FAKE_CHECKS);
  // Without a codec, In and Out are those of lines(). The program may write line breaks inside a value.
  const usual = lines({ lineBreaks: 'allow' }) as unknown as Codec<In, Out>;
  const { codec = usual, scheduler } = options;
  const defer = deferBy(scheduler);
  const runs: ScriptedRun<In, Out>[] = [];
  const refusals: Refusal[] = [];
  let starts = 0;
  const launch: Launch = (plan, events) => {
    const refusal = refusals.shift();
    if (refusal) {
      const error = Object.assign(new Error(`spawn ${refusal}`), { code: refusal });
      defer(() => events.refused(error));
      return NOT_STARTED;
    }
    const { ignores = [] } = options;
    const run = new ScriptedRun(
      FIRST_PID + starts++,
      plan,
      { behaviour, codec, ignores, defer },
      events,
    );
    runs.push(run);
    return run;
  };
  return {
    options: { launch, ...(scheduler && { scheduler }) },
    runs,
    get lastRun() {
      const run = runs.at(-1);
      if (run) return run;
      throw new Error('The fake program was not started: give its options to createWorker()');
    },
    refuse(code) {
      text('code', code);
      refusals.push(code);
    },
  };
}

/** Above any id that a system gives. */
const FIRST_PID = 1_000_000_001;

/** Defers to the next microtask or to `scheduler.flush()`, whichever comes first. */
function deferBy(scheduler: SchedulerLike | undefined): (act: () => void) => void {
  return (act) => {
    let isDone = false;
    const once = (): void => {
      if (isDone) return;
      isDone = true;
      action?.unsubscribe();
      act();
    };
    const action = scheduler?.schedule(once);
    void Promise.resolve().then(once);
  };
}
