import fc from 'fast-check';
import { identity } from 'rxjs';
import { createWorker, restartOnExit, type ReactiveWorker } from 'simple-ipc';
import { cleanUp, eventually, fixture, isAlive, record, type Told } from './support/programs.js';

interface Rig {
  readonly worker: ReactiveWorker;
  readonly told: Told<string, unknown>;
}

const isAtRest = ({ status$ }: ReactiveWorker) =>
  ['stopped', 'exited', 'failed'].includes(status$.value.state);

const programOf = ({ worker }: Rig) => {
  const status = worker.status$.value;
  return status.state === 'running' ? status.pid : undefined;
};

/** What can happen to a worker; between two of them it may or may not have settled. */
const acts: Record<string, (rig: Rig) => unknown> = {
  start: ({ worker }) => {
    worker.start();
  },
  stop: ({ worker }) => worker.stop(),
  'stop without waiting': ({ worker }) => void worker.stop(),
  restart: ({ worker }) => worker.restart(),
  'restart without waiting': ({ worker }) => void worker.restart(),
  send: ({ worker }) => {
    worker.send.next('line');
  },
  crash: ({ worker }) => {
    worker.send.next('exit 1');
  },
  exit: ({ worker }) => {
    worker.send.next('exit 0');
  },
  'end of file': ({ worker }) => {
    worker.send.complete();
  },
  'SIGKILL from outside': (rig) => {
    const pid = programOf(rig);
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
  },
  settle: (rig) => eventually(() => programOf(rig) !== undefined || isAtRest(rig.worker)),
};

const restarting = restartOnExit({ delayMs: 5, maxRestarts: Infinity });

describe('createWorker, in every order of what happens to real programs', () => {
  afterEach(cleanUp);

  it.each([
    ['no policy', identity],
    ['restartOnExit', restarting],
  ])('keeps the invariants in 25 sequences, with %s', async (_name, supervise) => {
    const names = fc.array(fc.constantFrom(...Object.keys(acts)), { minLength: 4, maxLength: 15 });
    await fc.assert(
      fc.asyncProperty(names, async (list) => {
        const worker = createWorker(fixture('obey.sh'), { supervise });
        const rig = { worker, told: record(worker) };
        for (const name of list) await acts[name]?.(rig);
        await worker[Symbol.asyncDispose]();
        const pids = rig.told.statuses.flatMap((status) =>
          status.state === 'starting' ? [status.pid ?? 0] : [],
        );
        expect(pids.filter(isAlive)).toEqual([]);
        expect(['stopped', 'exited', 'failed']).toContain(rig.told.statuses.at(-1)?.state);
      }),
      { numRuns: 25 },
    );
  });
});
