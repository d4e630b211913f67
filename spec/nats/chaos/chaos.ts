import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { interval, Subscription, timer } from 'rxjs';
import { eventually, temporaryFolder } from '../../support/programs.js';
import { startNats } from '../../support/natsServer.js';
import { cuttableProxy } from '../../support/cuttableProxy.js';

/** The requests, and the faults during them. */
export interface Plan {
  /** Of both clients together. */
  readonly requests: number;
  readonly idempotent: boolean;
  readonly storage?: 'memory' | 'file';
  /** How often a node is killed and replaced, in milliseconds. @defaultValue never */
  readonly killNodeMs?: number;
  /** How often the broker is killed and started again, in milliseconds. @defaultValue never */
  readonly killBrokerMs?: number;
  /** Whose network is cut, once, for so long. @defaultValue nobody's */
  readonly cut?: { readonly of: 'node' | 'client'; readonly ms: number };
  /** How long a program takes per request, in seconds. @defaultValue 0.002 */
  readonly delay?: number;
}

/** The outcome. */
export interface Counts {
  /** Answered once. */
  once: number;
  /** Errored with `RequestLostError`. */
  lost: number;
  /** Answered more than once. */
  twice: number;
  /** Answered by another's reply. */
  wrong: number;
  /** Completed without a reply. */
  none: number;
  /** Errored otherwise. */
  otherwise: number;
  /** Executed more than once. */
  executedAgain: number;
  /** Answered, but never executed. */
  unexecuted: number;
}

/** The faults. */
export const faults = {
  'a node is killed each second': { killNodeMs: 1_000 },
  'the broker is killed, with memory storage': { killBrokerMs: 5_000 },
  'the broker is killed, with file storage': { killBrokerMs: 5_000, storage: 'file' },
  'nodes and the broker are killed': { killNodeMs: 1_000, killBrokerMs: 5_000, storage: 'file' },
  'the network of a node is cut': { cut: { of: 'node', ms: 8_000 } },
  'the network of a client is cut': { cut: { of: 'client', ms: 5_000 } },
} satisfies Record<string, Partial<Plan>>;

/** The promises under each fault; a request that is executed once may be lost. */
export function expectSound(counts: Counts, { requests, idempotent }: Plan): void {
  const { once, lost, twice, wrong, none, otherwise, unexecuted, executedAgain } = counts;
  expect({ answeredOrLost: once + lost, twice, wrong, none, otherwise, unexecuted }).toEqual({
    answeredOrLost: requests,
    twice: 0,
    wrong: 0,
    none: 0,
    otherwise: 0,
    unexecuted: 0,
  });
  expect(idempotent ? lost : executedAgain).toBe(0);
}

const SILENCE_MS = 2_000;
const PINGS = {
  pingInterval: 1_000,
  maxPingOut: 2,
  reconnectTimeWait: 100,
  maxReconnectAttempts: -1,
  waitOnFirstConnect: true,
};
/** The same for the broker: the kernel reports no cut of a network. */
const CONFIG = 'ping_interval: "1s", ping_max: 2, write_deadline: "2s"';

const script = (name: string) => join(__dirname, `${name}.mjs`);

/** Two clients ask three nodes, of two programs each, while things go wrong. */
export async function chaos(plan: Plan) {
  const { requests, idempotent, storage = 'memory', delay = 0.002 } = plan;
  const folder = temporaryFolder();
  const broker = await startNats(CONFIG);
  const proxy = await cuttableProxy(Number(broker.servers.split(':')[1]));
  const faults = new Subscription();
  const children = new Set<ChildProcess>();
  const happened = { nodesKilled: 0, brokersKilled: 0 };

  const run = (name: string, options: object): ChildProcess => {
    const common = { servers: broker.servers, silenceMs: SILENCE_MS, storage, connection: PINGS };
    const child = fork(script(name), [JSON.stringify({ ...common, ...options })]);
    children.add(child);
    child.once('exit', () => children.delete(child));
    return child;
  };
  const startNode = (index: number): ChildProcess => {
    const isCut = plan.cut?.of === 'node' && index === 1;
    const log = join(folder, 'executed');
    return run('node', { log, delay, size: 2, ...(isCut && { servers: proxy.servers }) });
  };
  const serving = new Set<ChildProcess>();
  const nodes = [0, 1, 2].map(startNode);
  const watch = (node: ChildProcess) => node.on('message', () => serving.add(node));
  nodes.forEach(watch);

  try {
    await eventually(() => nodes.every((node) => serving.has(node)));
    if (plan.killNodeMs !== undefined) {
      faults.add(
        interval(plan.killNodeMs).subscribe((n) => {
          const index = n % nodes.length;
          const node = nodes[index];
          // Not before all serve: on a busy machine a start takes longer than the time between two kills.
          if (!node || !nodes.every((each) => serving.has(each))) return;
          serving.delete(node);
          node.kill('SIGKILL');
          happened.nodesKilled++;
          const next = startNode(index);
          nodes[index] = next;
          watch(next);
        }),
      );
    }
    let restarting: Promise<unknown> = Promise.resolve();
    if (plan.killBrokerMs !== undefined) {
      faults.add(
        interval(plan.killBrokerMs).subscribe(() => {
          happened.brokersKilled++;
          restarting = restarting.then(() => broker.kill()).then(() => broker.start());
        }),
      );
    }
    if (plan.cut) {
      const { ms } = plan.cut;
      faults.add(timer(500).subscribe(() => proxy.cut()));
      faults.add(timer(500 + ms).subscribe(() => proxy.heal()));
    }
    const results = await Promise.all(
      [0, 1].map(async (index) => {
        const isCut = plan.cut?.of === 'client' && index === 1;
        const client = run('client', {
          name: `c${index}`,
          requests: requests / 2,
          concurrency: 32,
          idempotent,
          ...(isCut && { servers: proxy.servers }),
        });
        const [result] = (await once(client, 'message')) as [ClientResult];
        return result;
      }),
    );
    faults.unsubscribe();
    await restarting;
    const executed = readFileSync(join(folder, 'executed'), 'utf8').split('\n').slice(0, -1);
    const sum = (name: keyof Omit<Counts, 'executedAgain' | 'unexecuted'>) =>
      results.reduce((total, result) => total + result[name], 0);
    const once_ = sum('once');
    const distinct = new Set(executed).size;
    return {
      ...happened,
      once: once_,
      lost: sum('lost'),
      twice: sum('twice'),
      wrong: sum('wrong'),
      none: sum('none'),
      otherwise: sum('otherwise'),
      executedAgain: executed.length - distinct,
      unexecuted: Math.max(0, once_ - distinct),
      seconds: Math.round(Math.max(...results.map(({ seconds }) => seconds))),
      longestMs: Math.max(...results.map(({ ms }) => ms.longest)),
      errors: Object.assign({}, ...results.map(({ errors }) => errors)) as Record<string, number>,
    };
  } finally {
    faults.unsubscribe();
    proxy.heal();
    await Promise.all(
      [...children].map((child) => {
        const exit = once(child, 'exit');
        child.kill('SIGKILL');
        return exit;
      }),
    );
    await proxy[Symbol.asyncDispose]();
    await broker[Symbol.asyncDispose]();
  }
}

interface ClientResult extends Counts {
  readonly errors: Readonly<Record<string, number>>;
  readonly ms: { readonly p50: number; readonly p90: number; readonly longest: number };
  readonly seconds: number;
}
