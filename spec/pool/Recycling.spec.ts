import { catchError, filter, from, lastValueFrom, map, mergeMap, of, take, toArray } from 'rxjs';
import { ask, createPool } from 'simple-ipc';
import { fakePool } from '../support/fakePool.js';
import { observe } from '../support/fakeWorker.js';
import {
  checked,
  cleanUp,
  expectAlso,
  isAlive,
  numbers,
  sh,
  use,
  watchWarnings,
} from '../support/programs.js';

type Fake = Awaited<ReturnType<typeof fakePool>>;

/** What fails if it is counted as a crash. */
const restart = { maxRestarts: 0 };

/** Has one request answered. */
async function answer({ ask, system }: Fake, request: string): Promise<void> {
  const observed = ask(request);
  await system.pass(0);
  const program = system.living.find(({ received }) => received.includes(request));
  program!.print(`${request}!\n`);
  await system.pass(0);
  expect(observed).toMatchObject({ values: [`${request}!`], end: 'complete' });
}

const generations = ({ pool }: Fake) =>
  pool.workers.map(({ status$ }) => {
    const status = status$.value;
    return 'generation' in status ? status.generation : 0;
  });

describe('createPool, with recycle', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  it('replaces a run after so many requests, which no policy counts', async () => {
    const fake = await fakePool({ size: 1, recycle: { afterRequests: 3 }, restart });
    for (const request of numbers(8)) await answer(fake, request);
    expect(fake.received()).toEqual([
      ['0', '1', '2'],
      ['3', '4', '5'],
      ['6', '7'],
    ]);
  });

  it('replaces a run after so long, whether it is used or not', async () => {
    const fake = await fakePool({ size: 1, recycle: { afterMs: 1_000 }, restart });
    await fake.system.pass(999);
    expect(generations(fake)).toEqual([1]);
    await fake.system.pass(1);
    expect(generations(fake)).toEqual([2]);
    await fake.system.pass(1_000);
    expect(generations(fake)).toEqual([3]);
  });

  it('never cuts a request, nor one whose subscriber has left', async () => {
    const fake = await fakePool({ size: 1, recycle: { afterMs: 1_000 }, restart });
    for (const leaves of [false, true]) {
      const { system, ask } = fake;
      const [before] = generations(fake);
      const observed = ask('a');
      await system.pass(0);
      if (leaves) observed.leave();
      await system.pass(5_000);
      expect(generations(fake)).toEqual([before]);
      system.newest.print('A\n');
      await system.pass(0);
      expect(observed.values).toEqual(leaves ? [] : ['A']);
      expect(generations(fake)).toEqual([before! + 1]);
    }
  });

  it('replaces one worker at a time: the others go on', async () => {
    const fake = await fakePool({
      size: 3,
      recycle: { afterMs: 1_000 },
      restart,
      ready: (output$) => output$.pipe(filter((line) => line === 'ready')),
    });
    const { system, now, pool, ask } = fake;
    for (const program of system.programs) program.print('ready\n');
    await system.pass(1_000);
    for (let replaced = 1; replaced <= 3; replaced++) {
      expect(now()).toMatchObject({ idle: 2, starting: 1 });
      expect(system.programs).toHaveLength(3 + replaced);
      const observed = ask('q');
      await system.pass(100);
      system.living.find(({ received }) => received.includes('q'))!.print('A\n');
      expect(observed).toMatchObject({ values: ['A'], end: 'complete' });
      system.newest.print('ready\n');
      await system.pass(0);
    }
    expect(now()).toMatchObject({ idle: 3, starting: 0 });
    expect(generations(fake)).toEqual([2, 2, 2]);
    expect(pool.workers).toHaveLength(3);
  });

  it('goes on with what waits, asked of the next run', async () => {
    const fake = await fakePool({ size: 1, recycle: { afterRequests: 1 }, restart });
    const { ask, system } = fake;
    const asked = ['a', 'b', 'c'].map((request) => ask(request));
    for (const request of ['A', 'B', 'C']) {
      await system.pass(0);
      system.newest.print(`${request}\n`);
    }
    await system.pass(0);
    expect(asked.map(({ values }) => values)).toEqual([['A'], ['B'], ['C']]);
    expect(fake.received()).toEqual([['a'], ['b'], ['c'], []]);
  });

  it('counts anew after a crash', async () => {
    const fake = await fakePool({ size: 1, recycle: { afterRequests: 3, afterMs: 1_000 } });
    await answer(fake, 'a');
    await answer(fake, 'b');
    await fake.system.pass(500);
    fake.system.newest.crash();
    await fake.system.pass(10);
    await answer(fake, 'c');
    await fake.system.pass(900);
    expect(generations(fake)).toEqual([2]);
    await fake.system.pass(100);
    expect(generations(fake)).toEqual([3]);
  });

  it('leaves no timer behind, and replaces nothing that was stopped', async () => {
    const { pool, system, scheduler } = await fakePool({ recycle: { afterMs: 1_000 } });
    await system.pass(500);
    await Promise.all([pool.stop(), system.pass(100)]);
    expect(scheduler.actions).toEqual([]);
    await system.pass(5_000);
    expect(system.programs).toHaveLength(3);
  });

  it('serves every request by real programs, none of which it leaves behind', async () => {
    const pool = use(
      createPool<string, string>(sh('while read -r q; do echo "$$ $q"; done'), {
        size: 3,
        recycle: { afterRequests: 10 },
      }),
    );
    const pids = new Set<number>();
    for (const { status$ } of pool.workers) {
      const statuses = checked([]);
      status$.subscribe((status) => {
        statuses.push(status);
        if (status.state === 'running') pids.add(status.pid);
        expectAlso(() => expect(['backoff', 'failed']).not.toContain(status.state));
      });
    }
    const replies$ = from(numbers(300)).pipe(
      mergeMap(
        (q) => ask(pool, q, { reply: take(1) }).pipe(map((line) => [q, ...line.split(' ')])),
        6,
      ),
      toArray(),
    );
    const replies = await lastValueFrom(replies$);
    expect(replies.filter(([q, , answer]) => q !== answer)).toEqual([]);
    expect(replies).toHaveLength(300);
    const served = new Map<string, number>();
    for (const [, pid = ''] of replies) served.set(pid, (served.get(pid) ?? 0) + 1);
    // One that is due while another is being replaced may serve a few more.
    expect(served.size).toBeGreaterThan(6);
    const replaced = [...served.entries()].filter(([pid]) => !isAlive(Number(pid)));
    expect(replaced.filter(([, requests]) => requests < 10)).toEqual([]);
    const last = observe(
      of('x').pipe(
        mergeMap((q) => ask(pool, q, { reply: take(1) })),
        catchError(() => of('failed')),
      ),
    );
    await pool.stop();
    expect(last.values).toEqual([expect.stringMatching(/ x$/)]);
    expect([...pids].filter(isAlive)).toEqual([]);
  });
});
