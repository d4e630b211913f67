import { setTimeout as delay } from 'node:timers/promises';
import { NEVER } from 'rxjs';
import { createWorker, lifeOf, restartOnExit, RestartLimitError } from 'simple-ipc';
import { runInThisContext } from 'node:vm';
import { cleanUp, fixture, record, sh, until, use, watchWarnings } from '../support/programs.js';

const HOUR_MS = 3_600_000;
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The system's warnings reach this one alone: in a spec, `process` is a copy. */
const hostProcess = runInThisContext('process') as NodeJS.Process;

describe('time', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  /** From now on each look at the wall clock finds it so many hours further from the truth. */
  function jumpBy(hours: number): void {
    const { now } = Date;
    let offset = 0;
    jest.spyOn(Date, 'now').mockImplementation(() => now() + (offset += hours * HOUR_MS));
  }

  const jumps = [
    ['forwards', 5],
    ['backwards', -5],
  ] as const;

  it.each(jumps)(
    '23: the system clock jumps %s: restarts, window and ladder are the same',
    async (_way, hours) => {
      jumpBy(hours);
      const worker = use(
        createWorker(fixture('ignoreEofAndSigterm.sh'), {
          ready: () => NEVER,
          startTimeoutMs: 1_000,
          stop: { endInputMs: 50, terminateMs: 50, killMs: 500 },
          supervise: restartOnExit({ delayMs: 40, jitter: false, maxRestarts: 2 }),
        }),
      );
      const { statuses, states } = record(worker);
      const startedAt = performance.now();
      const { error, exits } = await until(worker, 'failed');
      const tookMs = performance.now() - startedAt;
      expect(error).toBeInstanceOf(RestartLimitError);
      const run = ['starting', 'stopping eof', 'stopping term', 'stopping kill', 'exited'];
      expect(states).toEqual([...run, 'backoff', ...run, 'backoff', ...run, 'failed']);
      expect(statuses.flatMap((s) => (s.state === 'backoff' ? [s.delayMs] : []))).toEqual([40, 80]);
      for (const { uptimeMs } of exits) {
        expect(uptimeMs).toBeGreaterThan(1_000 + 50 + 50 - 4);
        expect(uptimeMs).toBeLessThan(tookMs);
      }
      expect(tookMs).toBeGreaterThan(3 * 1_100 + 40 + 80 - 20);
      expect(tookMs).toBeLessThan(HOUR_MS / 100);
    },
  );

  it.each(jumps)(
    '23: the system clock jumps %s: a stable run sets the delay back, an unstable one does not',
    async (_way, hours) => {
      jumpBy(hours);
      const supervise = restartOnExit({ delayMs: 1, stableAfterMs: 3_000 });
      const worker = use(createWorker(sh('read line; exit 1'), { supervise }));
      const { statuses } = record(worker);
      for (const lastsMs of [0, 0, 3_100, 0]) {
        await until(worker, 'running');
        // In true time: it is what must count.
        await delay(lastsMs);
        worker.send.next('crash');
        await until(worker, 'backoff');
      }
      const attempts = statuses.flatMap((s) => (s.state === 'backoff' ? [s.attempt] : []));
      expect(attempts).toEqual([1, 2, 1, 2]);
    },
  );

  const WRONG = [NaN, -1, -Infinity] as const;
  const NAMES = [
    'delayMs',
    'maxDelayMs',
    'withinMs',
    'stableAfterMs',
    'factor',
    'maxRestarts',
  ] as const;

  it.each([
    ...NAMES.flatMap((name) => WRONG.map((value) => ({ [name]: value }))),
    { factor: 0.99 },
    { factor: 0 },
  ])('24: restartOnExit(%p) is a RangeError that names it', (policy) => {
    expect(() => restartOnExit(policy)).toThrow(RangeError);
    expect(() => restartOnExit(policy)).toThrow(Object.keys(policy)[0]);
  });

  it.each(NAMES)('24: restartOnExit with a text for %s is a TypeError', (name) => {
    expect(() => restartOnExit({ [name]: '100' as unknown as number })).toThrow(TypeError);
  });

  it.each(['endInputMs', 'terminateMs', 'killMs', 'drainMs'])(
    '24: so for %s of the ladder',
    (name) => {
      for (const value of WRONG) {
        expect(() => createWorker('cat', { stop: { [name]: value } })).toThrow(RangeError);
        expect(() => lifeOf('cat', { stop: { [name]: value } })).toThrow(name);
      }
    },
  );

  const HUGE = { maxDelayMs: Infinity, jitter: false };
  it.each([
    [{ delayMs: Infinity }, MAX_TIMER_MS],
    [{ delayMs: 2 ** 31 }, MAX_TIMER_MS],
    [{ ...HUGE, delayMs: Infinity }, MAX_TIMER_MS],
    [{ ...HUGE, delayMs: 2 ** 31 }, MAX_TIMER_MS],
    [{ ...HUGE, delayMs: 2 ** 31 - 1 }, MAX_TIMER_MS],
    [{ ...HUGE, delayMs: Number.MAX_VALUE, factor: Infinity }, MAX_TIMER_MS],
  ])(
    '24: restartOnExit(%p) is clamped to %i: the platform does not cut it to 1',
    async (policy, delayMs) => {
      const warnings: string[] = [];
      const listen = ({ name }: Error) => void warnings.push(name);
      hostProcess.on('warning', listen);
      const supervise = restartOnExit({ jitter: false, ...policy });
      const worker = use(createWorker(sh('exit 1'), { supervise }));
      const { states } = record(worker);
      expect(await until(worker, 'backoff')).toMatchObject({ attempt: 1, delayMs });
      // While another program lives, this one is not restarted.
      const other = use(createWorker(sh('exit 0')));
      await until(other, 'exited');
      await worker.stop();
      hostProcess.off('warning', listen);
      expect(warnings).toEqual([]);
      expect(states).toEqual(['starting', 'running', 'exited', 'backoff', 'stopped']);
    },
  );

  it.each([2 ** 31, Infinity])(
    '24: %d ms is a long time for ready and for the ladder',
    async (ms) => {
      const stop = { endInputMs: ms, terminateMs: ms, killMs: ms, drainMs: ms };
      const worker = use(createWorker('cat', { ready: () => NEVER, startTimeoutMs: ms, stop }));
      const { states } = record(worker);
      const other = use(createWorker(sh('exit 0')));
      await until(other, 'exited');
      expect(states).toEqual(['starting']);
      await worker.stop();
      expect(states).toEqual(['starting', 'stopping eof', 'stopped']);
    },
  );

  it('24: a delay of 0 that grows without end stays 0', async () => {
    const policy = { delayMs: 0, factor: Infinity, maxDelayMs: Infinity, maxRestarts: 4 };
    const worker = use(createWorker(sh('exit 1'), { supervise: restartOnExit(policy) }));
    const { statuses } = record(worker);
    await until(worker, 'failed');
    const delays = statuses.flatMap((s) => (s.state === 'backoff' ? [s.delayMs] : []));
    expect(delays).toEqual([0, 0, 0, 0]);
  });
});
