import { asyncScheduler, NEVER } from 'rxjs';
import {
  createWorker,
  ExitError,
  restartOnExit,
  RestartLimitError,
  StartTimeoutError,
  type BackoffStatus,
} from 'simple-ipc';
import {
  cleanUp,
  first,
  fixture,
  record,
  sh,
  until,
  use,
  watchWarnings,
} from '../support/programs.js';

const crash = sh('read line; exit 1');

describe('the program crashes again and again', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  it('7: six crashes before ready: RestartLimitError', async () => {
    const supervise = restartOnExit({ delayMs: 1 });
    const worker = use(createWorker(sh('exit 1'), { supervise, ready: () => NEVER }));
    const { states } = record(worker);
    const { error, exits } = await until(worker, 'failed');
    expect(error).toBeInstanceOf(RestartLimitError);
    expect(error.message).toMatch(/^"sh .* was given up: it ended 6 times within 60000 ms/);
    expect(error).toMatchObject({ cause: expect.any(ExitError), exits });
    expect(exits.map(({ reason }) => reason)).toEqual(Array(6).fill('exit-code'));
    const run = ['starting', 'exited', 'backoff'];
    expect(states).toEqual([
      ...Array.from({ length: 6 }, () => run)
        .flat()
        .slice(0, -1),
      'failed',
    ]);
  });

  it('8: a banner, then a crash, for ever: the same limit', async () => {
    const supervise = restartOnExit({ delayMs: 1 });
    const worker = use(
      createWorker(sh('echo banner; read line; exit 1'), {
        supervise,
        ready: (output$) => output$,
      }),
    );
    const { output, states } = record(worker);
    worker.status$.subscribe(({ state }) => {
      if (state === 'running') worker.send.next('crash');
    });
    const { error } = await until(worker, 'failed');
    expect(error).toBeInstanceOf(RestartLimitError);
    expect(output).toEqual(Array(6).fill('banner'));
    expect(states.filter((state) => state === 'running')).toHaveLength(6);
  });

  it('9: crashes just under stableAfterMs, then just over: the delay grows, then starts anew', async () => {
    // The policy's time alone stands still: the runs are real.
    let now = 0;
    jest.spyOn(asyncScheduler, 'now').mockImplementation(() => now);
    const supervise = restartOnExit({
      delayMs: 1,
      jitter: false,
      stableAfterMs: 10_000,
      scheduler: asyncScheduler,
    });
    const worker = use(createWorker(crash, { supervise }));
    const { statuses } = record(worker);
    for (const [run, lastsMs] of [9_999, 9_999, 9_999, 10_000, 0].entries()) {
      await first(
        worker.status$,
        (status) => status.state === 'running' && status.generation === run + 1,
      );
      now += lastsMs;
      worker.send.next('crash');
      await until(worker, 'backoff');
    }
    const backoffs = statuses.filter(
      (status): status is BackoffStatus => status.state === 'backoff',
    );
    expect(backoffs.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 1, 2]);
    expect(backoffs.map(({ delayMs }) => delayMs)).toEqual([1, 2, 4, 1, 2]);
  });

  it('10: never ready: start-timeout, stopped by the ladder, counted', async () => {
    const worker = use(
      createWorker(fixture('ignoreEofAndSigterm.sh'), {
        supervise: restartOnExit({ delayMs: 1, maxRestarts: 1 }),
        ready: () => NEVER,
        startTimeoutMs: 100,
        stop: { endInputMs: 50, terminateMs: 50, killMs: 500 },
      }),
    );
    const { states, statuses } = record(worker);
    const { error, exits } = await until(worker, 'failed');
    const run = ['starting', 'stopping eof', 'stopping term', 'stopping kill', 'exited'];
    expect(states).toEqual([...run, 'backoff', ...run, 'failed']);
    expect(statuses[1]).toMatchObject({ cause: 'start-timeout' });
    expect(exits).toMatchObject([
      { reason: 'start-timeout', signal: 'SIGKILL', generation: 1 },
      { reason: 'start-timeout', signal: 'SIGKILL', generation: 2 },
    ]);
    expect(error).toBeInstanceOf(RestartLimitError);
    expect(error.cause).toBeInstanceOf(StartTimeoutError);
    expect(error.cause).toMatchObject({ message: expect.stringContaining('startTimeoutMs (100)') });
  });

  it('10: never ready, without a policy: failed with a StartTimeoutError', async () => {
    const worker = use(createWorker('cat', { ready: () => NEVER, startTimeoutMs: 50 }));
    const { states } = record(worker);
    const { error } = await until(worker, 'failed');
    expect(states).toEqual(['starting', 'stopping eof', 'exited', 'failed']);
    expect(error).toBeInstanceOf(StartTimeoutError);
  });
});
