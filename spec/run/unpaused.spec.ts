import { NEVER, filter, skip } from 'rxjs';
import { bytes, consume, createWorker, StartTimeoutError, type ReactiveWorker } from 'simple-ipc';
import { fakeProgram } from 'simple-ipc/testing';
import { cleanUp, sh, takeWarnings, until, use, watchWarnings } from '../support/programs.js';

const KIB = 1024;
const MIB = 1024 * KIB;

describe('a run that is read although a slow reader wants it paused', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  const neverReady = { ready: () => NEVER };

  /** Takes one chunk, and never another. */
  function holdOutput<In>(worker: ReactiveWorker<Uint8Array, In>): void {
    consume(worker, () => NEVER).subscribe();
  }

  it('fails with a StartTimeoutError if it writes more than maxPendingBytes before it is ready', async () => {
    const worker = use(
      createWorker(['yes', 'x'.repeat(60)], {
        codec: bytes(),
        maxPendingBytes: MIB,
        stop: { endInputMs: 100 },
        ...neverReady,
      }),
    );
    let received = 0;
    worker.output$.subscribe((chunk) => (received += chunk.length));
    holdOutput(worker);
    const failed = await until(worker, 'failed');
    expect(failed.error).toBeInstanceOf(StartTimeoutError);
    expect(failed.error.message).toContain(
      'wrote more than maxPendingBytes (1048576) before it was ready',
    );
    expect(received).toBeGreaterThan(MIB);
    // The data on its way: a chunk, and what the pipe held at the end.
    expect(received).toBeLessThan(3 * MIB);
    takeWarnings();
  });

  it('fails likewise while it is iterated', async () => {
    const worker = use(
      createWorker(['yes', 'x'.repeat(60)], {
        maxPendingBytes: MIB,
        stop: { endInputMs: 0 },
        ready: (output$) => output$.pipe(filter((line) => line === 'never')),
      }),
    );
    const loop = (async () => {
      for await (const line of worker) if (line !== '') await turn();
    })();
    await expect(loop).rejects.toBeInstanceOf(StartTimeoutError);
    takeWarnings();
  });

  it('is read without limit by readers that keep up', async () => {
    const program = fakeProgram((_input$, run) => {
      for (let i = 0; i < 64; i++) run.print('x'.repeat(KIB));
      return NEVER;
    });
    const worker = use(
      createWorker('loud', {
        ...program.options,
        maxPendingBytes: 8 * KIB,
        ready: (output$) => output$.pipe(skip(63)),
      }),
    );
    await until(worker, 'running');
  });

  it('is not read further than maxPendingBytes while it is stopped', async () => {
    const worker = use(
      createWorker(sh('trap "" TERM; exec yes'), {
        codec: bytes(),
        maxPendingBytes: MIB,
        stop: { endInputMs: 300, terminateMs: 300 },
      }),
    );
    holdOutput(worker);
    await until(worker, 'running');
    let received = 0;
    worker.output$.subscribe((chunk) => (received += chunk.length));
    await worker.stop();
    expect(received).toBeGreaterThan(MIB / 2);
    expect(received).toBeLessThan(3 * MIB);
  });

  it('ends when its reader stops it in the middle, and loses nothing written before', async () => {
    const worker = use(
      createWorker(
        sh('printf "%65536s\\n" x; while read -r line; do echo "$line"; done; echo bye'),
      ),
    );
    const read: string[] = [];
    for await (const line of worker) {
      read.push(line);
      await worker.stop();
    }
    expect(read).toEqual([expect.stringMatching(/^ +x$/), 'bye']);
  });

  it('ends the descendants of a program that write without end after its exit', async () => {
    const worker = use(
      createWorker(sh('yes & read -r line; exit 0'), {
        codec: bytes(),
        maxPendingBytes: MIB,
        stop: { drainMs: Infinity },
      }),
    );
    holdOutput(worker);
    await until(worker, 'running');
    let received = 0;
    worker.output$.subscribe((chunk) => (received += chunk.length));
    worker.send.next('now\n');
    await until(worker, 'exited');
    expect(received).toBeLessThan(4 * MIB);
  });
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
