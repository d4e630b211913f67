import { VirtualTimeScheduler, type Observable } from 'rxjs';
import { createWorker, restartOnExit, type RestartPolicy, type WorkerOptions } from 'simple-ipc';
import { FakeSystem, type Temper } from './FakeSystem.js';
import { record, use } from './programs.js';

/** A worker whose program is in memory, and runs; it is restarted after 10 ms. */
export async function fakeWorker<Out = string, In = string>(
  options: WorkerOptions<Out, In> & {
    readonly restart?: RestartPolicy;
    /** How its first program takes a stop. */
    readonly temper?: Temper;
  } = {},
) {
  const scheduler = new VirtualTimeScheduler();
  const system = new FakeSystem(scheduler);
  const { restart, temper = 'polite', ...rest } = options;
  system.temper = temper;
  const supervise = restartOnExit({
    when: 'always',
    delayMs: 10,
    factor: 1,
    jitter: false,
    scheduler,
    ...restart,
  });
  const { launch } = system;
  const worker = createWorker<Out, In>('fake', { supervise, scheduler, launch, ...rest });
  use({
    async [Symbol.asyncDispose]() {
      // Whatever its programs take a stop like, it is over by then.
      await Promise.all([worker[Symbol.asyncDispose](), system.pass(100_000)]);
    },
  });
  const told = record(worker);
  await system.pass(0);
  system.temper = 'polite';
  return {
    system,
    worker,
    told,
    scheduler,
    /** The newest program. */
    get program() {
      return system.newest!;
    },
    /** What every program was sent, one list a run. */
    get received() {
      return system.programs.map(({ received }) => received);
    },
  };
}

/** What a stream has emitted, and how it ended. */
export interface Heard<T> {
  readonly values: T[];
  /** `open` until it ends. */
  end: unknown;
  leave(): void;
}

/** Subscribes, and keeps what comes. */
export function hear<T>(source$: Observable<T>): Heard<T> {
  const values: T[] = [];
  const heard: Heard<T> = { values, end: 'open', leave: () => subscription.unsubscribe() };
  const subscription = source$.subscribe({
    next: (value) => values.push(value),
    error: (error: unknown) => (heard.end = error),
    complete: () => (heard.end = 'complete'),
  });
  return heard;
}
