import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { identity, type MonoTypeOperatorFunction } from 'rxjs';
import { createWorker, restartOnExit, type ReactiveWorker, type WorkerStatus } from 'simple-ipc';
import { cases } from './support/cases.js';
import { expectRest } from './support/expectEdges.js';
import {
  cleanUp,
  eventually,
  expectAlso,
  first,
  fixture,
  isAlive,
  record,
  use,
  watchWarnings,
} from './support/programs.js';

interface Rig {
  readonly worker: ReactiveWorker;
  /** Whether a start was asked for since the last stop. */
  isAsked: boolean;
}

const isRest = ({ state }: WorkerStatus) => ['stopped', 'exited', 'failed'].includes(state);

const programOf = ({ worker }: Rig) => {
  const status = worker.status$.value;
  return status.state === 'running' ? status.pid : undefined;
};

function stop(rig: Rig): Promise<void> {
  rig.isAsked = false;
  return rig.worker.stop();
}

function settled(rig: Rig): Promise<void> {
  return eventually(() => programOf(rig) !== undefined || isRest(rig.worker.status$.value));
}

function killProgram(rig: Rig): void {
  const pid = programOf(rig);
  // It may be dead already, and its last output still be read.
  if (pid !== undefined && isAlive(pid)) process.kill(pid, 'SIGKILL');
}

/** The events in a worker's life; between two of them it may or may not have settled. */
const acts: Record<string, (rig: Rig) => unknown> = {
  start: (rig) => {
    rig.isAsked = true;
    rig.worker.start();
  },
  stop,
  'stop without waiting': (rig) => void stop(rig),
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
  'SIGKILL from outside': killProgram,
  'SIGKILL, until backoff or rest': async (rig) => {
    await settled(rig);
    killProgram(rig);
    await first(rig.worker.status$, (status) => status.state === 'backoff' || isRest(status));
  },
  settle: settled,
  'wait 20 ms': () => delay(20),
};

/** Most of what happens is the end of it: it has to begin often. */
const name = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...Object.keys(acts)) },
  { weight: 1, arbitrary: fc.constantFrom('start', 'SIGKILL, until backoff or rest') },
);
const names = fc.array(name, { minLength: 8, maxLength: 20, size: 'max' });

const restarting = restartOnExit({ delayMs: 5, maxRestarts: Infinity });
/** Soon over: `obeyStubbornly.sh` ends by SIGKILL alone. */
const STOP = { endInputMs: 20, terminateMs: 20, killMs: 2_000 };

/** Lets it all happen to a worker, expects the invariants, and returns its statuses in short. */
async function live(
  file: string,
  supervise: MonoTypeOperatorFunction<WorkerStatus>,
  list: readonly string[],
) {
  watchWarnings();
  const worker = use(createWorker(fixture(file), { supervise, stop: STOP }));
  const rig: Rig = { worker, isAsked: true };
  const recorded = record(worker);
  const others: WorkerStatus[] = [];
  const ends: string[] = [];
  worker.status$.subscribe(({ state }) => {
    if (state === 'starting') expectAlso(() => expect(rig.isAsked).toBe(true));
  });
  worker.status$.subscribe({
    next: (status) => others.push(status),
    error: () => ends.push('error'),
    complete: () => ends.push('complete'),
  });
  for (const name of list) await acts[name]?.(rig);
  expect(ends).toEqual([]);
  rig.isAsked = false;
  await worker[Symbol.asyncDispose]();
  expect(ends).toEqual(['complete']);
  expect(others).toEqual(recorded.statuses);
  expectRest(recorded.statuses);
  const pids = recorded.statuses.flatMap((status) =>
    status.state === 'starting' ? [status.pid ?? 0] : [],
  );
  expect(pids.filter(isAlive)).toEqual([]);
  return recorded.states;
}

describe('createWorker, in every order of what happens to real programs', () => {
  it.each<[string, string, MonoTypeOperatorFunction<WorkerStatus>, string[]]>([
    ['obey.sh', 'no policy', identity, []],
    ['obey.sh', 'restartOnExit', restarting, ['backoff']],
    ['obeyStubbornly.sh', 'no policy', identity, ['stopping term', 'stopping kill']],
    ['obeyStubbornly.sh', 'restartOnExit', restarting, ['stopping kill', 'backoff']],
  ])(
    'keeps the invariants in every sequence, %s with %s',
    async (file, _name, supervise, least) => {
      const seen: string[][] = [];
      const property = fc.asyncProperty(names, async (list) => {
        seen.push(await live(file, supervise, list).finally(cleanUp));
      });
      await fc.assert(property, { numRuns: cases(25) });
      expect(seen.flat()).toEqual(expect.arrayContaining(least));
    },
  );
});
