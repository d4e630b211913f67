import { concat, of, throwError, Subject } from 'rxjs';
import { createWorker, fromCommand, InputClosedError, restartOnExit, through } from 'simple-ipc';
import {
  cleanUp,
  eventually,
  first,
  fixture,
  isAlive,
  record,
  sh,
  until,
  use,
  watchWarnings,
} from '../support/programs.js';

describe('the input of the program', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  it('18: the program closes its stdin and goes on; then we send: rejected$, no crash', async () => {
    const worker = use(createWorker(fixture('closeStdin.sh'), { stop: { endInputMs: 50 } }));
    const { rejected, states } = record(worker);
    await first(worker.output$, (line) => line === 'closed');
    worker.send.next('one');
    worker.send.next('two');
    await first(worker.rejected$);
    worker.send.next('three');
    expect(rejected.map(({ value }) => value)).toEqual(['one', 'two', 'three']);
    for (const { error } of rejected) {
      expect(error).toBeInstanceOf(InputClosedError);
      expect(error.message).toContain('no longer reads its input');
    }
    expect(states).toEqual(['starting', 'running']);
  });

  it('19: we write while the program dies, 30 times: no crash, nothing arrives twice', async () => {
    const supervise = restartOnExit({ delayMs: 0, maxRestarts: Infinity });
    const worker = use(createWorker('cat', { supervise }));
    const { output, rejected } = record(worker);
    const burst = (count: number) => {
      for (let i = 0; i < count; i++) worker.send.next(String(sent++).padStart(100));
    };
    let sent = 0;
    for (let run = 1; run <= 30; run++) {
      const { pid } = await until(worker, 'running');
      burst(100);
      if (run % 2) await first(worker.output$);
      burst(1_000);
      process.kill(pid, 'SIGKILL');
      burst(1_000);
      await first(
        worker.status$,
        ({ state }) => state === 'exited' || state === 'backoff' || state === 'starting',
      );
      burst(100);
    }
    await first(worker.status$, (status) => status.state === 'running' && status.generation === 31);
    worker.send.next('the end');
    await first(worker.output$, (line) => line === 'the end');
    expect(rejected.length).toBeGreaterThan(0);
    expect(rejected.every(({ error }) => error instanceof InputClosedError)).toBe(true);
    expect(new Set(rejected.map(({ value }) => value)).size).toBe(rejected.length);
    // A killed `cat` may leave half a line; the whole ones come once and in order.
    const whole = output.slice(0, -1).map(Number);
    expect(whole.every((number, i) => number < sent && number > (whole[i - 1] ?? -1))).toBe(true);
  });

  it('31: the input given to fromCommand errors: it errors with that, the program is stopped', async () => {
    const broken = new Error('broken');
    const input$ = new Subject<string>();
    const lines: string[] = [];
    const ended = new Promise<unknown>((error) => {
      fromCommand(sh('echo $$; exec cat'), { input: input$ }).subscribe({
        next(line) {
          lines.push(line);
          if (line === 'hello') input$.error(broken);
        },
        error,
      });
    });
    await eventually(() => lines.length === 1);
    input$.next('hello');
    expect(await ended).toBe(broken);
    expect(lines.slice(1)).toEqual(['hello']);
    expect(isAlive(Number(lines[0]))).toBe(false);
  });

  it('31: the source of through errors: likewise', async () => {
    const source$ = concat(
      of('a', 'b'),
      throwError(() => new Error('broken')),
    );
    const end = await new Promise<unknown>((error) => {
      source$.pipe(through('sleep 1000')).subscribe({ error });
    });
    expect(end).toMatchObject({ message: 'broken' });
  });

  it.each([
    ['at once', () => throwError(() => new Error('broken'))],
    [
      'with values before',
      () =>
        concat(
          of('a', 'b'),
          throwError(() => new Error('broken')),
        ),
    ],
    [
      'as an async iterable',
      async function* () {
        yield 'a';
        await Promise.resolve();
        throw new Error('broken');
      },
    ],
    [
      'as an iterable',
      function* () {
        yield 'a';
        throw new Error('broken');
      },
    ],
  ])('31: the input given to fromCommand errors %s: likewise', async (_how, input) => {
    const end = await new Promise<unknown>((error) => {
      fromCommand('sleep 1000', { input: input() }).subscribe({ error });
    });
    expect(end).toMatchObject({ message: 'broken' });
  });
});
