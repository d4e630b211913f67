import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { catchError, EMPTY, lastValueFrom, mergeMap, of, range, take, tap } from 'rxjs';
import { createPool, exchange, ExitError, InputClosedError, restartOnExit } from 'simple-ipc';
import { checked, cleanUp, first, use, watchWarnings } from './support/programs.js';

const REQUESTS = 100_000;
const SIZE = 4;
/** By what was answered, not by time: on a busy machine a start takes longer than the time between two kills. */
const REQUESTS_PER_KILL = 200;
const MIB = 1024 * 1024;

describe('a pool whose workers are killed', () => {
  let collectGarbage: () => void;
  beforeAll(() => {
    setFlagsFromString('--expose-gc');
    collectGarbage = runInNewContext('gc') as () => void;
  });
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  function heapUsed(): number {
    collectGarbage();
    return process.memoryUsage().heapUsed;
  }

  it('answers each request once and rightly, or rejects it with a reason', async () => {
    const supervise = restartOnExit({
      when: 'always',
      delayMs: 1,
      maxDelayMs: 5,
      maxRestarts: Infinity,
    });
    const pool = use(createPool<string, string>('cat', { size: SIZE, supervise }));
    for (const { status$ } of pool.workers) {
      const statuses = checked([]);
      status$.subscribe((status) => statuses.push(status));
    }
    const reply = take<string>(1);
    /** Of each request how often it was answered and rejected. */
    const answered = new Uint8Array(REQUESTS);
    const rejected = new Uint8Array(REQUESTS);
    const wrong: string[] = [];
    const reasons: unknown[] = [];
    let over = 0;
    let heapAtFirst = Infinity;

    let kills = 0;
    const kill = () => {
      const status = pool.workers[kills % SIZE]?.status$.value;
      if (status?.state !== 'running') return;
      process.kill(status.pid, 'SIGKILL');
      kills++;
    };

    const ask = (i: number) => {
      const request = `request ${String(i)}`;
      // Every other may be asked again: it must be answered whoever is killed.
      return of(request).pipe(
        exchange(pool, { reply, idempotent: i % 2 === 0, maxAttempts: 100 }),
        tap((line) => {
          if (line === request) answered[i]!++;
          else wrong.push(`${request}: ${line}`);
        }),
        catchError((error: unknown) => {
          rejected[i]!++;
          reasons.push(error);
          return EMPTY;
        }),
        tap({
          finalize: () => {
            if (++over === REQUESTS / 5) heapAtFirst = heapUsed();
            if (over % REQUESTS_PER_KILL === 0) kill();
          },
        }),
      );
    };
    await lastValueFrom(range(0, REQUESTS).pipe(mergeMap(ask, 4 * SIZE)));
    const heapAtEnd = heapUsed();

    const count = (list: Uint8Array, times: number) => list.filter((n) => n === times).length;
    expect(wrong).toEqual([]);
    expect(over).toBe(REQUESTS);
    expect(count(answered, 1) + count(rejected, 1)).toBe(REQUESTS);
    expect(count(answered, 0)).toBe(count(rejected, 1));
    const refused = [...rejected.keys()].filter((i) => rejected[i]! > 0);
    expect(refused.filter((i) => i % 2 === 0)).toEqual([]);
    expect(reasons).toHaveLength(refused.length);
    for (const reason of reasons) {
      expect(reason instanceof ExitError || reason instanceof InputClosedError).toBe(true);
    }
    // A kill costs no more than the request that its worker had.
    expect(kills).toBeGreaterThan(0);
    expect(refused.length).toBeLessThanOrEqual(kills);
    expect(heapAtEnd - heapAtFirst).toBeLessThan(8 * MIB);
    const { idle, starting, busy, waiting } = await first(pool.status$);
    expect({ running: idle + starting, busy, waiting }).toEqual({
      running: SIZE,
      busy: 0,
      waiting: 0,
    });
  });
});
