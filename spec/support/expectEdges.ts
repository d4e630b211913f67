import { StopError, type WorkerStatus } from 'simple-ipc';
import type { Launch, Program, ProgramEvents } from '../../src/process/Program.js';

/** The states that may follow each state. */
const EDGES: Record<WorkerStatus['state'], readonly WorkerStatus['state'][]> = {
  stopped: ['starting'],
  starting: ['running', 'stopping', 'exited', 'stopped', 'failed'],
  running: ['stopping', 'exited'],
  stopping: ['stopping', 'stopped', 'exited', 'starting', 'failed'],
  exited: ['starting', 'backoff', 'stopped', 'failed'],
  backoff: ['starting', 'stopped', 'failed'],
  failed: ['starting'],
};

const RESTS = ['stopped', 'exited', 'failed'];
const STAGES = ['eof', 'term', 'kill'];

/** Fails unless the statuses of a program follow each other as LIFECYCLE.md allows. */
export function expectEdges(statuses: readonly WorkerStatus[]): void {
  const broken: string[] = [];
  let generation = isFresh(statuses[0]) ? 0 : undefined;
  for (const [i, status] of statuses.entries()) {
    const before = statuses[i - 1];
    const wrong = [
      ...wrongIn(status),
      ...(before ? wrongBetween(before, status) : []),
      ...wrongAfter(generation, status),
    ];
    broken.push(...wrong.map((what) => `${what}: ${short(before)} -> ${short(status)}`));
    generation = generationOf(status) ?? generation;
  }
  expect(broken).toEqual([]);
}

/** Fails unless the last status is one of rest: `exited` is so only after a success. */
export function expectRest(statuses: readonly WorkerStatus[]): void {
  const last = statuses.at(-1);
  expect(['stopped', 'exited', 'failed']).toContain(last?.state);
  if (last?.state === 'exited') expect(last.exit.reason).toBe('success');
}

/** The starts of a program, and what they break. */
export class Starts {
  readonly all: { readonly program: Program; readonly events: ProgramEvents }[] = [];
  readonly broken: string[] = [];
  /** Whether one was asked for since the last stop. */
  areAsked = false;

  constructor(private readonly start: Launch) {}

  /** Stands in for the `launch` that starts them. */
  readonly launch: Launch = (plan, events) => {
    if (this.all.some(({ program }) => program.alive())) this.broken.push('I2: another is alive');
    if (!this.areAsked) this.broken.push('I4: nobody asked for it');
    const program = this.start(plan, events);
    this.all.push({ program, events });
    return program;
  };
}

const isFresh = (status: WorkerStatus | undefined) => status?.state === 'stopped' && !status.exit;

function wrongIn(status: WorkerStatus): string[] {
  // No process is -1, which means all of them to kill().
  return 'pid' in status && !(status.pid > 0) ? ['not a pid'] : [];
}

function wrongBetween(before: WorkerStatus, status: WorkerStatus): string[] {
  const wrong: string[] = [];
  // A policy may fail before it has begun a run.
  const isRunless = status.state === 'failed' && status.exits.length === 0;
  const isEdge = EDGES[before.state].includes(status.state);
  if (!isEdge && !(isRunless && RESTS.includes(before.state))) wrong.push('not an edge');
  if ('pid' in before && 'pid' in status && status.state !== 'starting') {
    if (before.pid !== status.pid) wrong.push('the pid of another run');
  }
  if (before.state === 'stopping' && status.state === 'stopping') {
    if (STAGES.indexOf(status.stage) < STAGES.indexOf(before.stage)) wrong.push('stage falls');
    if (status.cause !== before.cause && status.cause !== 'requested') wrong.push('cause changes');
    if (status.cause === before.cause && status.stage === before.stage) wrong.push('said twice');
  }
  return wrong;
}

/** The status of the previous generation may be long past. */
function wrongAfter(last: number | undefined, status: WorkerStatus): string[] {
  const generation = generationOf(status);
  if (generation === undefined || last === undefined) return [];
  return generation === last + (status.state === 'starting' ? 1 : 0) ? [] : ['wrong generation'];
}

function generationOf(status: WorkerStatus): number | undefined {
  if ('generation' in status) return status.generation;
  if (status.state !== 'failed') return status.exit?.generation;
  // A program that survived SIGKILL has no exit yet: the last exit is that of an earlier run.
  return status.error instanceof StopError ? undefined : status.exits.at(-1)?.generation;
}

function short(status: WorkerStatus | undefined): string {
  if (!status) return 'nothing';
  const { state, cause, stage, pid } = { cause: '', stage: '', pid: '', ...status };
  return [state, generationOf(status), cause, stage, pid].filter((word) => word !== '').join(' ');
}
