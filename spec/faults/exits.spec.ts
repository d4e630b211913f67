import { lastValueFrom, toArray } from 'rxjs';
import {
  contentLength,
  createWorker,
  ExitError,
  FramingError,
  fromCommand,
  lifeOf,
  restartOnExit,
} from 'simple-ipc';
import {
  cleanUp,
  eventually,
  first,
  record,
  sh,
  takeWarnings,
  until,
  use,
  watchWarnings,
} from '../support/programs.js';

const complaint = sh('echo one; echo complaint >&2; exit 3');

describe('the program exits', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  it('1: exit 0: exited, and the life completes', async () => {
    const statuses = await lastValueFrom(lifeOf('true').pipe(toArray()));
    expect(statuses.map(({ state }) => state)).toEqual(['starting', 'running', 'exited']);
    expect(statuses[2]).toMatchObject({ exit: { code: 0, signal: null, reason: 'success' } });
  });

  it('1: exit 0: the worker rests at exited, even under a policy for failures', async () => {
    const worker = use(createWorker('true', { supervise: restartOnExit({ delayMs: 0 }) }));
    const { states } = record(worker);
    await until(worker, 'exited');
    await worker.stop();
    expect(states).toEqual(['starting', 'running', 'exited']);
  });

  it('1: exit 0: "always" restarts', async () => {
    const worker = use(
      createWorker(sh('read line; exit 0'), {
        supervise: restartOnExit({ when: 'always', delayMs: 0 }),
      }),
    );
    const { states } = record(worker);
    worker.send.next('end');
    await first(worker.status$, (status) => status.state === 'running' && status.generation === 2);
    expect(states).toEqual(['starting', 'running', 'exited', 'backoff', 'starting', 'running']);
  });

  it('2: exit 1: exited, then failed with an ExitError', async () => {
    const worker = use(createWorker(complaint));
    const { states, statuses } = record(worker);
    const { error, exits } = await until(worker, 'failed');
    expect(states).toEqual(['starting', 'running', 'exited', 'failed']);
    expect(error).toBeInstanceOf(ExitError);
    const exit = { code: 3, signal: null, reason: 'exit-code', stderrTail: 'complaint\n' };
    expect(error).toMatchObject({ exit });
    expect(error.message).toMatch(/exited with code 3.*\ncomplaint$/s);
    expect(statuses[2]).toMatchObject({ exit });
    expect(exits).toMatchObject([exit]);
  });

  it('2: exit 1: a subscriber that left at once has seen the failure: no warning', async () => {
    const worker = use(createWorker(complaint));
    await first(worker.status$, ({ state }) => state === 'failed');
    expect(takeWarnings()).toEqual([]);
  });

  it('2: exit 1: without a subscriber: one warning', async () => {
    const worker = use(createWorker(complaint));
    await eventually(() => worker.status$.value.state === 'failed');
    expect(takeWarnings()).toEqual([expect.stringContaining('exited with code 3')]);
  });

  it.each([
    ['2: exit 3', 'exit 3', { code: 3, signal: null, reason: 'exit-code' }],
    ['3: SIGSEGV', 'kill -SEGV $$', { code: null, signal: 'SIGSEGV', reason: 'signal' }],
  ])('%s in the middle of a message: an ExitError with that reason', async (_, death, exit) => {
    const program = sh(String.raw`printf 'Content-Length: 9\r\n\r\n{"a"'; ${death}`);
    const worker = use(createWorker(program, { codec: contentLength() }));
    const { error } = await until(worker, 'failed');
    expect(error).toBeInstanceOf(ExitError);
    expect(error).toMatchObject({ exit });
  });

  it('2: exit 3 after stdout was closed in the middle of a message: an ExitError', async () => {
    const half = String.raw`printf 'Content-Length: 9\r\n\r\n{"a"'`;
    const program = sh(`${half}; exec > /dev/null 2>&1; read line; exit 3`);
    const worker = use(createWorker(program, { codec: contentLength() }));
    const { states } = record(worker);
    const { error } = await until(worker, 'failed');
    expect(states).toEqual(['starting', 'running', 'stopping eof', 'exited', 'failed']);
    expect(error).toMatchObject({ name: 'ExitError', exit: { code: 3, reason: 'exit-code' } });
  });

  it('1: exit 0 in the middle of a message: a FramingError', async () => {
    const program = sh(String.raw`printf 'Content-Length: 9\r\n\r\n{"a"'`);
    const worker = use(createWorker(program, { codec: contentLength() }));
    const { error, exits } = await until(worker, 'failed');
    expect(error).toBeInstanceOf(FramingError);
    expect(exits).toMatchObject([{ code: 0, reason: 'framing' }]);
  });

  it('2: exit 1: exited, then backoff under a policy', async () => {
    const worker = use(
      createWorker(complaint, { supervise: restartOnExit({ delayMs: 1, maxRestarts: 1 }) }),
    );
    const { states } = record(worker);
    await until(worker, 'failed');
    const run = ['starting', 'running', 'exited'];
    expect(states).toEqual([...run, 'backoff', ...run, 'failed']);
  });

  it('2: exit 1: fromCommand errors, after the output', async () => {
    const recorded: unknown[] = [];
    await new Promise<void>((ended) => {
      fromCommand(complaint).subscribe({
        next: (line) => recorded.push(line),
        error: (error: unknown) => {
          recorded.push(error);
          ended();
        },
      });
    });
    expect(recorded).toEqual(['one', expect.any(ExitError)]);
    expect(recorded[1]).toMatchObject({ exit: { code: 3, stderrTail: 'complaint\n' } });
  });

  it.each(['SIGKILL', 'SIGSEGV', 'SIGTERM'] as const)(
    '3: %s from outside is named, and the program is restarted',
    async (signal) => {
      const worker = use(createWorker('cat', { supervise: restartOnExit({ delayMs: 1 }) }));
      const { states } = record(worker);
      const { pid } = await until(worker, 'running');
      process.kill(pid, signal);
      const { exit } = await until(worker, 'backoff');
      expect(exit).toMatchObject({ generation: 1, code: null, signal, reason: 'signal' });
      await first(
        worker.status$,
        (status) => status.state === 'running' && status.generation === 2,
      );
      expect(states).toEqual(['starting', 'running', 'exited', 'backoff', 'starting', 'running']);
    },
  );
});
