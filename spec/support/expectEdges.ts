import type { WorkerStatus } from 'simple-ipc';

/** What may follow what. */
const EDGES: Record<WorkerStatus['state'], readonly WorkerStatus['state'][]> = {
  stopped: ['starting'],
  starting: ['running', 'stopping', 'exited', 'stopped', 'failed'],
  running: ['stopping', 'exited'],
  stopping: ['stopping', 'stopped', 'exited', 'starting', 'failed'],
  exited: ['starting', 'backoff', 'stopped', 'failed'],
  backoff: ['starting', 'stopped', 'failed'],
  failed: ['starting'],
};

const STAGES = ['eof', 'term', 'kill'];

/** Fails unless the statuses of a program follow each other as LIFECYCLE.md says. */
export function expectEdges(statuses: readonly WorkerStatus[]): void {
  const broken = statuses.flatMap((status, i) => {
    const before = statuses[i - 1];
    return [...wrongIn(status), ...(before ? wrongBetween(before, status) : [])].map(
      (what) => `${what}: ${short(before)} -> ${short(status)}`,
    );
  });
  expect(broken).toEqual([]);
}

function wrongIn(status: WorkerStatus): string[] {
  // No process is -1, which means all of them to kill().
  return 'pid' in status && !(status.pid > 0) ? ['not a pid'] : [];
}

function wrongBetween(before: WorkerStatus, status: WorkerStatus): string[] {
  const wrong: string[] = [];
  if (!EDGES[before.state].includes(status.state)) wrong.push('not an edge');

  const generation = generationOf(status);
  const last = generationOf(before);
  if (generation !== undefined && last !== undefined) {
    const step = status.state === 'starting' ? 1 : 0;
    if (generation !== last + step) wrong.push('wrong generation');
  }
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

function generationOf(status: WorkerStatus): number | undefined {
  if ('generation' in status) return status.generation;
  if (status.state === 'failed') return status.exits.at(-1)?.generation;
  return status.exit?.generation;
}

function short(status: WorkerStatus | undefined): string {
  if (!status) return 'nothing';
  const { state, cause, stage, pid } = { cause: '', stage: '', pid: '', ...status };
  return [state, generationOf(status), cause, stage, pid].filter((word) => word !== '').join(' ');
}
