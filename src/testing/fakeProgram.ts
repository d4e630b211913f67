import { ignoreElements, type SchedulerLike } from 'rxjs';
import { checkMethods, checkOptions, checkType } from '../contract/check.js';
import type { Codec, WithCodec } from '../framing/codec.js';
import { lines, type LineInput } from '../framing/lines.js';
import type { RunOptions } from '../run/RunOptions.js';
import { NOT_STARTED, type Launch } from '../process/Program.js';
import type { FakeBehaviour, FakeRun, StopRequest } from './FakeRun.js';
import { ScriptedRun } from './ScriptedRun.js';

/** Why the system may refuse to start a program. */
export type Refusal = 'ENOENT' | 'EACCES' | 'EAGAIN' | 'EMFILE' | 'E2BIG';

/** Options of {@link fakeProgram}. */
export interface FakeProgramOptions<In = string, Out = LineInput> {
  /**
   * How it reads stdin and writes stdout: the worker's codec, seen from the other end.
   * @defaultValue `lines()`
   */
  readonly codec?: Codec<In, Out>;
  /** What it takes no notice of; looked at when a run starts. @defaultValue nothing */
  readonly ignores?: readonly StopRequest[];
  /**
   * The time of its workers, their restarts and time-outs: a `VirtualTimeScheduler` or a `TestScheduler`.
   * @defaultValue the host's, which the fake timers of jest and vitest replace
   */
  readonly scheduler?: SchedulerLike;
}

/** A program that exists in memory only. */
export interface FakeProgram<In = string, Out = LineInput> {
  /** What makes `createWorker`, `createPool`, `fromCommand`, … run it, whatever their command is. */
  readonly options: Pick<RunOptions, 'launch' | 'scheduler'>;
  /** Its runs, the oldest first. */
  readonly runs: readonly FakeRun<In, Out>[];
  /** The newest of its runs. @throws Error if there is none. */
  readonly lastRun: FakeRun<In, Out>;
  /** Has the system refuse the next start. */
  refuse(code: Refusal): void;
}

/**
 * Makes a program for specs: lines in, lines out, and no process anywhere. It takes no time: it is
 * running, has read and has answered as soon as promises get their turn.
 *
 * @example
 * ```ts
 * const doubler = fakeProgram(map((line) => Number(line) * 2));
 * const worker = createWorker('doubler', { ...doubler.options });
 * worker.output$.subscribe((line) => console.log(line)); // 42
 * worker.send.next(21);
 *
 * const uci = fakeProgram(mergeMap((line) => (line === 'uci' ? ['id name fake', 'uciok'] : [])));
 * const dumb = fakeProgram(); // Says nothing, ends at end-of-file.
 * const deaf = fakeProgram(() => NEVER, { ignores: ['SIGTERM'] }); // Is ended by SIGKILL.
 * const clock = fakeProgram(() => interval(1_000, scheduler), { scheduler });
 * ```
 *
 * @param behaviour - see {@link FakeBehaviour}.
 * @param options - see {@link FakeProgramOptions}.
 * @returns the program; it may be run any number of times, at the same time too.
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
  checkType('behaviour', behaviour, 'function');
  checkOptions('options', options);
  // Without a codec, In and Out are what lines() makes of them; a line break is the program's own.
  const usual = lines({ lineBreaks: 'allow' }) as unknown as Codec<In, Out>;
  const { codec = usual, scheduler } = options;
  checkMethods('codec', codec, 'decoder', 'encode');
  checkMethods('scheduler', scheduler, 'now', 'schedule');
  checkIgnores(options.ignores);
  const soon = soonBy(scheduler);
  const runs: ScriptedRun<In, Out>[] = [];
  const refusals: Refusal[] = [];
  let starts = 0;
  const launch: Launch = (plan, events) => {
    const refusal = refusals.shift();
    if (refusal) {
      const error = Object.assign(new Error(`spawn ${refusal}`), { code: refusal });
      soon(() => events.refused(error));
      return NOT_STARTED;
    }
    const { ignores = [] } = options;
    const run = new ScriptedRun(
      FIRST_PID + starts++,
      plan,
      { behaviour, codec, ignores, soon },
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
      checkType('code', code, 'string');
      refusals.push(code);
    },
  };
}

/** Beyond what any system gives. */
const FIRST_PID = 1_000_000_001;

/** A moment later: for promises or for `scheduler.flush()`, whichever comes first. */
function soonBy(scheduler: SchedulerLike | undefined): (act: () => void) => void {
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

function checkIgnores(ignores: unknown): void {
  const known: unknown[] = ['eof', 'SIGTERM', 'SIGKILL'] satisfies StopRequest[];
  if (ignores === undefined) return;
  if (!Array.isArray(ignores) || !ignores.every((request) => known.includes(request))) {
    throw new TypeError("ignores must be a list of 'eof', 'SIGTERM' and 'SIGKILL'");
  }
}
