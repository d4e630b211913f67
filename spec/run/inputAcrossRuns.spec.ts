import { join } from 'node:path';
import { timer } from 'rxjs';
import { createWorker, restartOnExit, type ReactiveWorker, type WorkerOptions } from 'simple-ipc';
import {
  cleanUp,
  eventually,
  first,
  fixture,
  record,
  sh,
  temporaryFolder,
  until,
  use,
  watchWarnings,
} from '../support/programs.js';

const quickStop = { endInputMs: 50, terminateMs: 500 };

/** Input for the next run goes to the next run, even if this run loses its stdin. */
describe('what is sent for the next run', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  function start(command: readonly string[], options: WorkerOptions = {}) {
    const worker = use(createWorker(command, { stop: quickStop, ...options }));
    const recorded = record(worker);
    return { worker, recorded, rejected: () => recorded.rejected.map(({ value }) => value) };
  }

  const restart = (worker: ReactiveWorker) => void worker.restart();
  const complete = (worker: ReactiveWorker) => worker.send.complete();

  it.each<[string, (worker: ReactiveWorker) => void]>([
    ['after restart()', restart],
    [
      'after stop() and start()',
      (worker) => {
        void worker.stop();
        worker.start();
      },
    ],
    ['after complete()', complete],
  ])('%s reaches it, though this one has closed its stdin', async (_, end) => {
    for (const isKnown of [false, true]) {
      const { worker, recorded, rejected } = start(
        fixture('closeStdinOnce.sh', join(temporaryFolder(), 'mark')),
      );
      await first(worker.output$, (line) => line === 'closed');
      worker.send.next('this');
      const isRejected = () => recorded.rejected.length > 0;
      if (isKnown) await eventually(isRejected);
      end(worker);
      worker.send.next('next');
      await eventually(isRejected);
      if (worker.status$.value.state === 'running') restart(worker);
      await eventually(() => recorded.output.includes('next'));
      expect(rejected()).toEqual(['this']);
      expect(recorded.output).toEqual(['closed', 'next']);
    }
  });

  it('waits for it, though this one fails the write before and crashes', async () => {
    const { worker, rejected } = start(sh('head -c 1 > /dev/null; exit 1'), {
      supervise: restartOnExit({ delayMs: 100_000 }),
    });
    await until(worker, 'running');
    const long = 'x'.repeat(5_000_000);
    worker.send.next(long);
    complete(worker);
    worker.send.next('next');
    await until(worker, 'backoff');
    expect(rejected()).toEqual([long]);
  });

  it('waits for it, though this one becomes ready without its stdin', async () => {
    const { worker, rejected } = start(fixture('closeStdin.sh'), {
      ready(output$, write) {
        output$.subscribe(() => write('hello'));
        return timer(300);
      },
    });
    worker.send.next('this');
    complete(worker);
    worker.send.next('next');
    await until(worker, 'running');
    expect(rejected()).toEqual(['this']);
  });
});
