import { fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { index } from './library.mjs';

const nodeFile = fileURLToPath(new URL('../programs/natsNode.mjs', import.meta.url));

/** Why it cannot be measured here. */
export const missingNats = () =>
  spawnSync('nats-server', ['--version']).error && 'skipped: there is no nats-server';

/** Asks `requests` times with that many under way. @returns the times of each, and of all. */
async function load(ask, requests, width) {
  const times = [];
  let next = 0;
  const begun = performance.now();
  const lane = async () => {
    while (next < requests) {
      const request = `r${next++}`;
      const asked = performance.now();
      if ((await ask(request)) !== request) throw new Error(`another reply than ${request}`);
      times.push(performance.now() - asked);
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  times.sort((a, b) => a - b);
  const at = (quantile) => times[Math.floor((times.length - 1) * quantile)];
  return { p50: at(0.5), p90: at(0.9), ms: performance.now() - begun };
}

/** A broker and nodes; `work` gets what loads them by bare requests (`raw`) or by a pool. */
export async function withNats(kind, commands, work) {
  const { connect } = await import('@nats-io/transport-node');
  const { lastValueFrom } = await import('rxjs');
  const { ask } = await import(index);
  const { natsPool } = await import(new URL('nats.js', index));
  const folder = mkdtempSync(join(tmpdir(), 'bench-nats-'));
  const listen = ['-a', '127.0.0.1', '-p', '-1', '--ports_file_dir', folder];
  const broker = spawn('nats-server', ['-js', '-sd', folder, ...listen], { stdio: 'ignore' });
  const nodes = [];
  try {
    let ports;
    while (!(ports = readdirSync(folder).find((name) => name.endsWith('.ports')))) await delay(5);
    await delay(50);
    const servers = new URL(JSON.parse(readFileSync(join(folder, ports))).nats[0]).host;
    for (const command of commands) nodes.push(fork(nodeFile, [servers, kind, ...command]));
    await Promise.all(nodes.map((node) => once(node, 'message')));
    const connection = await connect({ servers });
    const pool = kind === 'raw' ? undefined : natsPool({ connection, subject: 'bench' });
    const asking = (attempts) =>
      pool
        ? (request) =>
            lastValueFrom(ask(pool, request, { timeoutMs: 60_000, idempotent: attempts > 1 }))
        : async (request) =>
            (await connection.request('bench', request, { timeout: 60_000 })).string();
    const result = await work((attempts, requests, width) =>
      load(asking(attempts), requests, width),
    );
    await connection.close();
    return result;
  } finally {
    for (const node of nodes) node.kill('SIGKILL');
    broker.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
