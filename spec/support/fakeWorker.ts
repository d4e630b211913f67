import { VirtualTimeScheduler, type Observable } from 'rxjs';
import {
  bytes,
  createWorker,
  lines,
  restartOnExit,
  type RestartPolicy,
  type WorkerOptions,
} from 'simple-ipc';
import { advance, fakeProgram } from 'simple-ipc/testing';
import { withCodec } from '../../src/run/RunOptions.js';
import { IGNORES, type Temper } from './LifeModel.js';
import { record, use } from './programs.js';

/** A worker whose program is in memory, and runs; it reads lines and prints text. It is restarted after 10 ms. */
export async function fakeWorker<Out = string, In = string>(
  options: WorkerOptions<Out, In> & {
    readonly restart?: RestartPolicy;
    /** How its first program takes a stop. */
    readonly temper?: Temper;
  } = {},
) {
  const scheduler = new VirtualTimeScheduler();
  const { restart, temper: firstTemper = 'polite', ...rest } = options;
  let temper = firstTemper;
  const fakes = fakeProgram(undefined, {
    scheduler,
    codec: { decoder: lines().decoder, encode: bytes().encode },
    get ignores() {
      return IGNORES[temper];
    },
  });
  const supervise = restartOnExit({
    when: 'always',
    delayMs: 10,
    factor: 1,
    jitter: false,
    ...restart,
  });
  const worker = createWorker('fake', withCodec({ supervise, ...fakes.options, ...rest }));
  const system = {
    pass: (ms: number) => advance(scheduler, ms),
    get newest() {
      return fakes.runs.at(-1);
    },
    get programs() {
      return fakes.runs;
    },
  };
  use({
    async [Symbol.asyncDispose]() {
      // Whatever its programs take a stop like, it is over by then.
      await Promise.all([worker[Symbol.asyncDispose](), system.pass(100_000)]);
    },
  });
  const recorded = record(worker);
  await system.pass(0);
  temper = 'polite';
  return {
    system,
    worker,
    recorded,
    scheduler,
    /** The newest program. */
    get program() {
      return fakes.lastRun;
    },
    /** The input of every program, one list per run. */
    get received() {
      return fakes.runs.map(({ received }) => received);
    },
  };
}

/** The values of a stream, and how it ended. */
export interface Observed<T> {
  readonly values: T[];
  /** `open` until it ends. */
  end: unknown;
  leave(): void;
}

/** Subscribes, and keeps the values. */
export function observe<T>(source$: Observable<T>): Observed<T> {
  const values: T[] = [];
  const observed: Observed<T> = { values, end: 'open', leave: () => subscription.unsubscribe() };
  const subscription = source$.subscribe({
    next: (value) => values.push(value),
    error: (error: unknown) => (observed.end = error),
    complete: () => (observed.end = 'complete'),
  });
  return observed;
}
