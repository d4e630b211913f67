import {
  concat,
  defer,
  delay,
  EMPTY,
  Observable,
  of,
  takeWhile,
  throwError,
  VirtualTimeScheduler,
  type Subscription,
} from 'rxjs';
import {
  ExitError,
  RestartLimitError,
  restartOnExit,
  SpawnError,
  StopError,
  type BackoffStatus,
  type Exit,
  type ExitReason,
  type RestartPolicy,
  type WorkerStatus,
} from 'simple-ipc';

function exitOf(reason: ExitReason, generation = 1): Exit {
  const code = reason === 'success' ? 0 : 1;
  return { command: ['x'], generation, code, signal: null, reason, uptimeMs: 0, stderrTail: '' };
}

function refusal(code: string): SpawnError {
  return new SpawnError(['x'], code, Object.assign(new Error(code), { code }));
}

/** How each run of a life goes: how long it is `starting` and `running`, and what it ends with. */
interface Fate {
  readonly startsMs?: number;
  readonly runsMs?: number;
  readonly reason?: ExitReason;
  readonly error?: Error;
}

class Stage {
  readonly scheduler = new VirtualTimeScheduler();
  readonly statuses: WorkerStatus[] = [];
  readonly startedAt: number[] = [];
  end: unknown = 'open';
  #runs = 0;

  /** A life whose n-th run has the n-th fate; the last fate goes on for ever. */
  lifeOf(fates: readonly Fate[]): Observable<WorkerStatus> {
    return defer(() => {
      this.startedAt.push(this.scheduler.now());
      const fate = fates[Math.min(this.#runs++, fates.length - 1)] ?? {};
      const { startsMs = 0, runsMs = 0, reason = 'exit-code' } = fate;
      const exit = exitOf(reason, this.#runs);
      const error = fate.error ?? (reason === 'success' ? undefined : new ExitError(exit));
      const starting: WorkerStatus = { state: 'starting', generation: this.#runs };
      const running: WorkerStatus = { state: 'running', generation: this.#runs, pid: 1 };
      const ended: WorkerStatus = { state: 'exited', exit };
      const begin$ =
        reason === 'spawn-error' ? EMPTY : of(running).pipe(delay(startsMs, this.scheduler));
      const end$ = of(ended).pipe(delay(runsMs, this.scheduler));
      return concat(of(starting), begin$, end$, error ? throwError(() => error) : EMPTY);
    });
  }

  watch(policy: RestartPolicy, ...fates: Fate[]) {
    const { scheduler } = this;
    return this.lifeOf(fates)
      .pipe(restartOnExit({ jitter: false, scheduler, ...policy }))
      .subscribe({
        next: (status) => this.statuses.push(status),
        error: (error: unknown) => (this.end = error),
        complete: () => (this.end = 'complete'),
      });
  }

  /** The delays that were announced. */
  get delays(): number[] {
    return this.backoffs.map(({ delayMs }) => delayMs);
  }

  get backoffs(): BackoffStatus[] {
    return this.statuses.filter((status) => status.state === 'backoff');
  }

  run(untilMs: number): void {
    this.scheduler.maxFrames = untilMs;
    this.scheduler.flush();
  }
}

describe('restartOnExit', () => {
  it('passes a success on and completes', () => {
    const stage = new Stage();
    stage.watch({}, { reason: 'success' });
    stage.run(1_000_000);
    expect(stage.statuses.map(({ state }) => state)).toEqual(['starting', 'running', 'exited']);
    expect(stage.end).toBe('complete');
    expect(stage.startedAt).toHaveLength(1);
  });

  it('waits longer before each consecutive restart, up to maxDelayMs', () => {
    const stage = new Stage();
    stage.watch({ maxRestarts: Infinity, maxDelayMs: 1_000 }, {});
    stage.run(4_499);
    expect(stage.delays).toEqual([100, 200, 400, 800, 1_000, 1_000, 1_000]);
    expect(stage.startedAt).toEqual([0, 100, 300, 700, 1_500, 2_500, 3_500]);
  });

  it('does not cut a delayMs that is longer than the usual maxDelayMs', () => {
    const stage = new Stage();
    stage.watch({ delayMs: 60_000 }, {}, { reason: 'success' });
    stage.run(100_000);
    expect(stage.delays).toEqual([60_000]);
  });

  it('emits the exit, the attempt, the delay and the time of the restart', () => {
    const stage = new Stage();
    stage.watch({ delayMs: 50 }, { runsMs: 7 }, { reason: 'success' });
    stage.run(1_000);
    const exit = exitOf('exit-code', 1);
    expect(stage.backoffs).toEqual([
      { state: 'backoff', exit, attempt: 1, delayMs: 50, restartAt: 57 },
    ]);
    expect(stage.statuses.map(({ state }) => state)).toEqual([
      'starting',
      'running',
      'exited',
      'backoff',
      'starting',
      'running',
      'exited',
    ]);
    expect(stage.end).toBe('complete');
  });

  it.each([
    [0, 50],
    [0.5, 75],
    [0.999, 100],
  ])('keeps half of the delay and draws the other half: random %d makes %d', (random, delayMs) => {
    const stage = new Stage();
    stage.watch({ jitter: true, random: () => random }, {});
    stage.run(0);
    expect(stage.delays).toEqual([delayMs]);
  });

  it('has half of each delay random by default', () => {
    const stage = new Stage();
    const { scheduler } = stage;
    stage
      .lifeOf([{}])
      .pipe(restartOnExit({ scheduler, random: () => 0 }))
      .subscribe({ next: (status) => stage.statuses.push(status), error: () => undefined });
    stage.run(0);
    expect(stage.delays).toEqual([50]);
  });

  it('draws from Math.random by default', () => {
    const stages = Array.from({ length: 20 }, () => new Stage());
    for (const stage of stages) {
      stage.watch({ jitter: true }, {});
      stage.run(0);
    }
    const delays = stages.flatMap((stage) => stage.delays);
    expect(new Set(delays).size).toBeGreaterThan(10);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(50);
    expect(Math.max(...delays)).toBeLessThanOrEqual(100);
  });

  it('gives up at the sixth exit within a minute, naming them', () => {
    const stage = new Stage();
    stage.watch({}, {});
    stage.run(1_000_000);
    const error = stage.end as RestartLimitError;
    expect(error).toBeInstanceOf(RestartLimitError);
    expect(error.message).toBe(
      '"x" was given up: it ended 6 times within 60000 ms; the last time it exited with code 1',
    );
    expect(error.command).toEqual(['x']);
    expect(error.exits.map(({ generation }) => generation)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(error.cause).toBeInstanceOf(ExitError);
    expect(stage.startedAt).toHaveLength(6);
  });

  it('counts the restarts of a sliding window only', () => {
    const policy = { maxRestarts: 2, withinMs: 1_000, delayMs: 0 };
    const spread = new Stage();
    spread.watch(policy, { runsMs: 500 });
    spread.run(20_000);
    expect(spread.end).toBe('open');
    const close = new Stage();
    close.watch(policy, { runsMs: 499 });
    close.run(20_000);
    expect(close.end).toBeInstanceOf(RestartLimitError);
    expect(close.startedAt).toHaveLength(3);
  });

  it('allows no restart where maxRestarts is 0', () => {
    const stage = new Stage();
    stage.watch({ maxRestarts: 0 }, {});
    stage.run(1_000);
    expect(stage.end).toBeInstanceOf(RestartLimitError);
    expect(stage.startedAt).toHaveLength(1);
  });

  it('begins with the first delay again after a run that was stable', () => {
    const stage = new Stage();
    const policy = { stableAfterMs: 1_000, maxRestarts: Infinity };
    stage.watch(policy, {}, {}, { runsMs: 999 }, { runsMs: 1_000 }, {}, { runsMs: 1_000_000 });
    stage.run(100_000);
    expect(stage.backoffs.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 1, 2]);
    expect(stage.delays).toEqual([100, 200, 400, 100, 200]);
  });

  it('does not take a long start for a stable run', () => {
    const stage = new Stage();
    stage.watch({ maxRestarts: Infinity }, { startsMs: 20_000 });
    stage.run(80_000);
    expect(stage.delays).toEqual([100, 200, 400]);
  });

  it("restarts after a success, too, with `when: 'always'`", () => {
    const stage = new Stage();
    stage.watch({ when: 'always' }, { reason: 'success' });
    stage.run(250);
    expect(stage.startedAt).toEqual([0, 100]);
    stage.run(1_000_000);
    expect(stage.end).toBeInstanceOf(RestartLimitError);
  });

  it('asks the given function: declining passes the end on as it is', () => {
    const error = new ExitError(exitOf('exit-code'));
    const declined = new Stage();
    const asked: Exit[] = [];
    declined.watch({ when: (exit) => asked.push(exit) === 2 }, { error });
    declined.run(1_000);
    expect(declined.end).toBe(error);
    expect(asked).toEqual([exitOf('exit-code')]);
    const accepted = new Stage();
    accepted.watch({ when: ({ reason }) => reason === 'success' }, { reason: 'success' }, {});
    accepted.run(1_000);
    expect(accepted.startedAt).toEqual([0, 100]);
    expect(accepted.end).toBeInstanceOf(ExitError);
  });

  it.each<[string, (fail: () => never) => RestartPolicy]>([
    ['when', (fail) => ({ when: fail })],
    ['random', (fail) => ({ random: fail, jitter: true })],
  ])('errors with what `%s` throws', (_, policyOf) => {
    const error = new RangeError('oh');
    const stage = new Stage();
    stage.watch(
      policyOf(() => {
        throw error;
      }),
      {},
    );
    stage.run(1_000_000);
    expect(stage.end).toBe(error);
    expect(stage.startedAt).toHaveLength(1);
  });

  it.each(['ENOENT', 'EACCES'])('does not try again what could never be spawned (%s)', (code) => {
    const stage = new Stage();
    const error = refusal(code);
    stage.watch({ when: 'always' }, { reason: 'spawn-error', error });
    stage.run(1_000_000);
    expect(stage.end).toBe(error);
    expect(stage.startedAt).toHaveLength(1);
  });

  it('tries again when the program ran before, as during an upgrade', () => {
    const stage = new Stage();
    stage.watch({}, {}, { reason: 'spawn-error', error: refusal('ENOENT') }, { reason: 'success' });
    stage.run(1_000_000);
    expect(stage.startedAt).toHaveLength(3);
    expect(stage.end).toBe('complete');
  });

  it.each(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM'])(
    'tries again when the system is short (%s)',
    (code) => {
      const stage = new Stage();
      stage.watch({}, { reason: 'spawn-error', error: refusal(code) }, { reason: 'success' });
      stage.run(1_000_000);
      expect(stage.startedAt).toEqual([0, 100]);
      expect(stage.end).toBe('complete');
    },
  );

  it('passes on an error that is no exit: the process may still be there', () => {
    const { scheduler } = new Stage();
    const error = new StopError(['x'], 1);
    let seen: unknown;
    throwError(() => error)
      .pipe(restartOnExit({ scheduler }))
      .subscribe({ error: (passed: unknown) => (seen = passed) });
    scheduler.flush();
    expect(seen).toBe(error);
  });

  it('restarts no more once it is unsubscribed, in a run or in backoff', () => {
    for (const when of [50, 150]) {
      const stage = new Stage();
      const subscription = stage.watch({}, { runsMs: 100 });
      stage.run(when);
      subscription.unsubscribe();
      stage.run(1_000_000);
      expect(stage.startedAt).toEqual([0]);
      expect(stage.scheduler.actions).toEqual([]);
    }
  });

  it('has a budget for each subscription', () => {
    const stage = new Stage();
    const life$ = stage
      .lifeOf([{}])
      .pipe(restartOnExit({ scheduler: stage.scheduler, maxRestarts: 1 }));
    const ends: unknown[] = [];
    for (let i = 0; i < 2; i++) life$.subscribe({ error: (error: unknown) => ends.push(error) });
    stage.run(1_000_000);
    expect(ends).toEqual([expect.any(RestartLimitError), expect.any(RestartLimitError)]);
    expect(stage.startedAt).toHaveLength(4);
  });

  it.each([
    ['delayMs', 0, 0],
    ['delayMs', 2 ** 31, 2 ** 31 - 1],
    ['delayMs', Infinity, 2 ** 31 - 1],
  ])('clamps what a timer cannot hold: %s %d waits %d', (name, value, delayMs) => {
    const stage = new Stage();
    stage.watch({ [name]: value, maxDelayMs: Infinity, factor: 2 ** 1000, maxRestarts: 1 }, {});
    stage.run(0);
    expect(stage.delays).toEqual([delayMs]);
  });

  it('keeps a delay of 0 at 0 however often it grows', () => {
    const stage = new Stage();
    stage.watch({ delayMs: 0, factor: 1e300, maxRestarts: 5 }, {});
    stage.run(0);
    expect(stage.delays).toEqual([0, 0, 0, 0, 0]);
  });

  it('takes the least of everything', () => {
    expect(() =>
      restartOnExit({ when: 'on-failure', delayMs: 0, factor: 1, maxRestarts: 0, withinMs: 0 }),
    ).not.toThrow();
    expect(() => restartOnExit(1 as RestartPolicy)).toThrow('options must be');
  });

  it('ends its run when it is left from inside of the first status of a later one', () => {
    const stage = new Stage();
    let running = 0;
    const life$ = new Observable<WorkerStatus>((subscriber) => {
      running++;
      subscriber.next({ state: 'starting', generation: ++generation });
      if (generation === 1) subscriber.next({ state: 'exited', exit: exitOf('exit-code') });
      if (generation === 1) subscriber.error(new ExitError(exitOf('exit-code')));
      return () => running--;
    });
    let generation = 0;
    life$
      .pipe(
        restartOnExit({ scheduler: stage.scheduler }),
        takeWhile((status) => status.state !== 'starting' || status.generation === 1),
      )
      .subscribe();
    stage.run(1_000);
    expect({ generation, running }).toEqual({ generation: 2, running: 0 });
  });

  it.each([
    ['when', (leave: () => void) => ({ when: () => (leave(), true) })],
    ['random', (leave: () => void) => ({ jitter: true, random: () => (leave(), 0) })],
  ])('begins no other run when it is left from inside of `%s`', (_, policyOf) => {
    const stage = new Stage();
    const watching: Subscription = stage.watch(
      policyOf(() => watching.unsubscribe()),
      { runsMs: 1 },
    );
    stage.run(1_000_000);
    expect(stage.startedAt).toEqual([0]);
  });

  it.each([
    [{ delayMs: -1 }, RangeError],
    [{ delayMs: NaN }, RangeError],
    [{ maxDelayMs: NaN }, RangeError],
    [{ delayMs: 31_000, maxDelayMs: 30_000 }, RangeError],
    [{ factor: 0.5 }, RangeError],
    [{ maxRestarts: -1 }, RangeError],
    [{ maxRestarts: NaN }, RangeError],
    [{ withinMs: NaN }, RangeError],
    [{ stableAfterMs: -1 }, RangeError],
    [{ delayMs: '100' }, TypeError],
    [{ when: 'sometimes' }, TypeError],
    [{ jitter: 1 }, TypeError],
    [{ random: 0.5 }, TypeError],
    [{ scheduler: {} }, TypeError],
  ])('refuses %p at the call', (policy, error) => {
    const [name = ''] = Object.keys(policy);
    expect(() => restartOnExit(policy as RestartPolicy)).toThrow(error);
    expect(() => restartOnExit(policy as RestartPolicy)).toThrow(name);
  });
});
