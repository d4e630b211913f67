import { of, take, VirtualTimeScheduler } from 'rxjs';
import {
  bytes,
  createPool,
  exchange,
  lines,
  restartOnExit,
  type PoolOptions,
  type PoolStatus,
  type ReplyOptions,
  type RestartPolicy,
} from 'simple-ipc';
import { advance, fakeProgram } from 'simple-ipc/testing';
import { observe } from './fakeWorker.js';
import { checked, use } from './programs.js';

/** The usual reply: one line. */
export const reply = take<string>(1);

/** A pool of programs in memory, which run; they are restarted after 10 ms. */
export async function fakePool({
  restart,
  size = 3,
  ...options
}: Partial<PoolOptions<string, string>> & { readonly restart?: RestartPolicy } = {}) {
  const scheduler = new VirtualTimeScheduler();
  const codec = { decoder: lines().decoder, encode: bytes().encode };
  const fakes = fakeProgram(undefined, { scheduler, codec });
  const pool = createPool<string, string>('fake', {
    size,
    supervise: restartOnExit({
      when: 'always',
      shared: true,
      delayMs: 10,
      factor: 1,
      jitter: false,
      ...restart,
    }),
    ...fakes.options,
    ...options,
  });
  const system = {
    pass: (ms: number) => advance(scheduler, ms),
    programs: fakes.runs,
    get newest() {
      return fakes.lastRun;
    },
    get living() {
      return fakes.runs.filter(({ isAlive }) => isAlive);
    },
  };
  use({
    async [Symbol.asyncDispose]() {
      // Requests in flight would be awaited.
      for (const worker of pool.workers) void worker.stop();
      await Promise.all([pool[Symbol.asyncDispose](), system.pass(100_000)]);
    },
  });
  for (const { status$ } of pool.workers) {
    const statuses = checked([]);
    status$.subscribe((status) => statuses.push(status));
  }
  const statuses: PoolStatus[] = [];
  pool.status$.subscribe((status) => statuses.push(status));
  await system.pass(0);
  return {
    pool,
    system,
    scheduler,
    /** All statuses of the pool. */
    statuses,
    now: () => statuses.at(-1)!,
    ask: (request: string, options: Partial<ReplyOptions<string, string, string>> = {}) =>
      observe(of(request).pipe(exchange(pool, { reply, ...options }))),
    /** The input of every program, one list per run. */
    received: () => fakes.runs.map(({ received }) => received),
  };
}
