// A user's spec, in jest's default mode: CommonJS, nothing transformed that comes from node_modules.
const { map, take, VirtualTimeScheduler } = require('rxjs');
const { createWorker, exchange, ExitError, restartOnExit } = require('simple-ipc');
const { Worker } = require('simple-ipc/imperative');
const { advance, fakeProgram } = require('simple-ipc/testing');

/** The service under test. */
class Doubler {
  constructor(options = {}) {
    this.worker = createWorker('doubler', { supervise: restartOnExit(), ...options });
  }

  double(numbers$) {
    return numbers$.pipe(exchange(this.worker, { reply: take(1) }));
  }
}

describe('Doubler', () => {
  it('is restarted after a crash', async () => {
    const scheduler = new VirtualTimeScheduler();
    const program = fakeProgram(
      map((line) => Number(line) * 2),
      { scheduler },
    );
    const { worker } = new Doubler(program.options);
    const lines = [];
    worker.output$.subscribe((line) => lines.push(line));
    await advance(scheduler, 0);
    program.lastRun.crash();
    await advance(scheduler, 1_000);
    worker.send.next(21);
    await advance(scheduler, 0);
    expect(lines).toEqual(['42']);
    expect(program.runs).toHaveLength(2);
  });

  it('waits for a restart by the fake timers of jest', async () => {
    jest.useFakeTimers();
    const program = fakeProgram();
    const { worker } = new Doubler(program.options);
    await jest.advanceTimersByTimeAsync(0);
    program.lastRun.exit(1);
    expect(worker.status$.value.state).toBe('backoff');
    await jest.advanceTimersByTimeAsync(1_000);
    expect(worker.status$.value).toMatchObject({ state: 'running', generation: 2 });
    jest.useRealTimers();
  });

  it('fails a request whose run ends, with an error of the very class', async () => {
    const program = fakeProgram();
    const { of, lastValueFrom } = require('rxjs');
    const reply = lastValueFrom(new Doubler(program.options).double(of(1)));
    await new Promise(setImmediate);
    program.lastRun.crash();
    await expect(reply).rejects.toThrow(ExitError);
  });
});

describe('Worker', () => {
  it('runs a real program', async () => {
    const worker = new Worker([process.execPath, '-p', '6 * 7'], undefined, { verbose: false });
    expect(worker.running).toBe(true);
    await worker.shutdown();
    expect(worker.running).toBe(false);
  });
});
