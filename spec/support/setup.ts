import { availableParallelism, loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { runInThisContext } from 'node:vm';
import { addedResources } from './addedResources.js';
import { startedProcesses, type StartedProcess } from './startedProcesses.js';

// After every test nothing may be left: no process, no handle, no timer. What a `beforeAll` starts is
// its file's business, until its `afterAll`. Hooks that clean up belong inside a `describe`: those at
// the top of a file run after the ones here.

/** How long things may take to settle, from short to long waits: 3 s in all, more where many programs compete. */
const load = Math.max(1, loadavg()[0]! / availableParallelism());
const WAITS_MS = [0, 5, 10, 20, 40, 75, 150, ...Array<number>(Math.ceil(27 * load)).fill(100)];

interface Moment {
  readonly resources: readonly string[];
  readonly pids: ReadonlySet<number>;
}

interface Leftovers {
  readonly resources: readonly string[];
  readonly processes: readonly StartedProcess[];
}

function takeMoment(): Moment {
  return {
    resources: process.getActiveResourcesInfo(),
    pids: new Set(startedProcesses().map(({ pid }) => pid)),
  };
}

function leftoversSince(before: Moment): Leftovers {
  return {
    resources: addedResources(before.resources, process.getActiveResourcesInfo()),
    processes: startedProcesses().filter(({ pid }) => !before.pids.has(pid)),
  };
}

const isNothing = ({ resources, processes }: Leftovers) =>
  resources.length === 0 && processes.length === 0;

async function settle(before: Moment): Promise<Leftovers> {
  let leftovers = leftoversSince(before);
  for (const waitMs of WAITS_MS) {
    if (isNothing(leftovers)) break;
    // From node:timers, so that a test's fake timers do not stop it.
    await delay(waitMs);
    leftovers = leftoversSince(before);
  }
  return leftovers;
}

function kill({ pid }: StartedProcess): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself meanwhile.
  }
}

async function expectNothingLeft(before: Moment, by: string): Promise<void> {
  const leftovers = await settle(before);
  if (isNothing(leftovers)) return;

  leftovers.processes.forEach(kill);
  if (leftovers.processes.length > 0) await settle(before);

  const lines = [
    ...leftovers.processes.map(({ pid, command }) => `process ${String(pid)}: ${command}`),
    ...leftovers.resources.map((resource) => `resource: ${resource}`),
  ];
  const error = new Error(`${by} left something behind.\n  ${lines.join('\n  ')}`);
  // The stack would point here, which is not where to look.
  error.stack = String(error);
  throw error;
}

// After the last file a worker of jest has 500 ms to go. Node frees its heap first, which takes longer on a busy
// machine; then jest reports that the worker "has failed to exit gracefully". Nothing is open at this event:
// a worker that something keeps alive never gets here, and is still reported.
runInThisContext(`
  if (process.send && !process.listeners('exit').some(({ name }) => name === 'exitAtOnce'))
    process.on('exit', function exitAtOnce(code) { process.exit(code); });
`);

// Standard streams come to life at their first use, and stay: let that be before any test.
runInThisContext('[process.stdout, process.stderr]');

let atStartOfFile: Moment;
let atStartOfTest: Moment;

beforeAll(async () => {
  // No test has started anything yet: what is there are jest's own helpers, on their way out.
  for (const waitMs of WAITS_MS) {
    if (!process.getActiveResourcesInfo().includes('ProcessWrap')) break;
    await delay(waitMs);
  }
  atStartOfFile = takeMoment();
});

beforeEach(() => {
  atStartOfTest = takeMoment();
});

afterEach(() => expectNothingLeft(atStartOfTest, 'The test'));

afterAll(() => expectNothingLeft(atStartOfFile, 'The file'));
