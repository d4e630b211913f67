import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { config, filter, firstValueFrom, type Observable } from 'rxjs';
import type { ReactiveWorker, RejectedInput, WorkerStatus } from 'simple-ipc';
import { expectEdges } from './expectEdges.js';

/** A list of words: never split. */
type Words = [string, ...string[]];

/** A program in Node, as text. */
export const node = (script: string): Words => [process.execPath, '-e', script];

/** A program in the shell's language, as text; its arguments are `$1`, `$2`, … */
export const sh = (script: string, ...args: string[]): Words => ['sh', '-c', script, 'sh', ...args];

/** A program of `fixtures/`. */
export function fixture(name: string, ...args: string[]): Words {
  const path = resolve(__dirname, '../../fixtures', name);
  return [name.endsWith('.sh') ? 'sh' : process.execPath, path, ...args];
}

/** `0`, `1`, `2`, … */
export const numbers = (count: number) => Array.from({ length: count }, (_, i) => String(i));

/** Expects two long lists to be equal; the message has only the place where they differ. */
export function expectSame(actual: readonly unknown[], expected: readonly unknown[]): void {
  const at = expected.findIndex((value, i) => value !== actual[i]);
  const part = at === -1 ? expected.length : at;
  const near = (list: readonly unknown[]) => ({ from: part, next: list.slice(part, part + 3) });
  expect({ ...near(actual), length: actual.length }).toEqual({
    ...near(expected),
    length: expected.length,
  });
}

/** Everything that a worker emits from now on; its statuses are checked after the test. */
export interface Recording<Out, In> {
  readonly statuses: WorkerStatus[];
  /** The statuses in short: `stopping eof`. */
  readonly states: string[];
  readonly output: Out[];
  readonly stderr: string[];
  readonly rejected: RejectedInput<In>[];
  /** Statuses and output in the order in which they came. */
  readonly all: string[];
}

const folders: string[] = [];
const used: AsyncDisposable[] = [];
const histories: WorkerStatus[][] = [];
const warnings: string[] = [];

/** Disposes a worker after the test, whatever comes of it. */
export function use<W extends AsyncDisposable>(worker: W): W {
  used.push(worker);
  return worker;
}

/** After the test the statuses are checked. */
export function checked(statuses: WorkerStatus[]): WorkerStatus[] {
  histories.push(statuses);
  return statuses;
}

/** A new empty folder, for the time of the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'simple-ipc-'));
  folders.push(folder);
  return folder;
}

export function record<Out, In>(worker: ReactiveWorker<Out, In>): Recording<Out, In> {
  const recorded: Recording<Out, In> = {
    statuses: checked([]),
    states: [],
    output: [],
    stderr: [],
    rejected: [],
    all: [],
  };
  const pids: number[] = [];
  worker.output$.subscribe((value) => {
    recorded.output.push(value);
    recorded.all.push(String(value));
  });
  worker.stderr$.subscribe((line) => recorded.stderr.push(line));
  worker.rejected$.subscribe((lost) => recorded.rejected.push(lost));
  worker.status$.subscribe((status) => {
    recorded.statuses.push(status);
    recorded.states.push(inShort(status));
    recorded.all.push(inShort(status));
    if (status.state !== 'starting' || status.pid === undefined) return;
    // One program at a time: those before are gone.
    expectAlso(() => expect(pids.filter(isAlive)).toEqual([]));
    pids.push(status.pid);
  });
  return recorded;
}

export const inShort = (status: WorkerStatus) =>
  status.state === 'stopping' ? `stopping ${status.stage}` : status.state;

const broken: unknown[] = [];

/** An expectation inside of a subscriber, where a throw would go astray. */
export function expectAlso(check: () => void): void {
  try {
    check();
  } catch (error) {
    broken.push(error);
  }
}

/** Keeps warnings away from the terminal, for `takeWarnings`. */
export function watchWarnings(): void {
  jest.spyOn(process, 'emitWarning').mockImplementation((warning) => {
    warnings.push(String(warning));
  });
}

/** The warnings since the last call. What a test does not take fails it. */
export const takeWarnings = () => warnings.splice(0);

/** Disposes what was used, and checks what must hold for every test. */
export async function cleanUp(): Promise<void> {
  await Promise.all(used.splice(0).map((worker) => worker[Symbol.asyncDispose]()));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  jest.restoreAllMocks();
  config.onUnhandledError = null;
  // The leftovers of one test must not fail the next.
  const [errors, lives, unexpected] = [broken.splice(0), histories.splice(0), takeWarnings()];
  for (const error of errors) throw error;
  for (const statuses of lives) expectEdges(statuses);
  expect(unexpected).toEqual([]);
}

/** Collects what throwing subscribers throw, which RxJS reports in a turn of its own. */
export function collectUnhandled(): unknown[] {
  const errors: unknown[] = [];
  config.onUnhandledError = (error) => errors.push(error);
  return errors;
}

/** Settles when the worker is in that state, at once if it is so already. */
export function until<S extends WorkerStatus['state']>(
  { status$ }: { readonly status$: Observable<WorkerStatus> },
  state: S,
) {
  return firstValueFrom(
    status$.pipe(
      filter((status): status is Extract<WorkerStatus, { state: S }> => status.state === state),
    ),
  );
}

/** Settles with the first value that matches. */
export const first = <T>(source$: Observable<T>, matches: (value: T) => boolean = () => true) =>
  firstValueFrom(source$.pipe(filter(matches)));

/** Resolves when the condition holds: for events that nothing emits. */
export async function eventually(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 90_000;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`never: ${String(isSo)}`);
    await delay(5);
  }
}

/** Whether a process runs; a zombie does not. */
export function isAlive(pid: number): boolean {
  const [state] = statOf(pid);
  if (!existsSync('/proc/self/stat')) return answersTo(pid);
  return state !== undefined && state !== 'Z' && state !== 'X';
}

function answersTo(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The process group of a process. */
export const groupOf = (pid: number) => Number(statOf(pid)[2]);

/** Its state, parent, group, … from Linux. */
function statOf(pid: number): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

/** An entry of simple-ipc for an application in a process of its own; `build.cjs` builds it. */
export const builtEntry = (name: string) =>
  pathToFileURL(resolve(__dirname, `../.built/${name}.mjs`)).href;

/** Runs a host of its own, with all of simple-ipc as `ipc`, until it ends by itself. */
export async function host(script: string) {
  const child = spawn(
    process.execPath,
    ['--input-type=module', '-e', `import * as ipc from '${builtEntry('index')}';${script}`],
    { stdio: ['ignore', 'pipe', 'pipe'], timeout: 300_000, killSignal: 'SIGKILL' },
  );
  const ended = new Promise<string | number | null>((done) => {
    child.once('exit', (code, signal) => done(signal ?? code));
  });
  const [stdout, stderr, end] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { stdout, stderr, end };
}
