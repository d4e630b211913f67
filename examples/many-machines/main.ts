// All of it on one machine: a broker, three nodes and a client; one of the nodes is killed, and replaced.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { filter, firstValueFrom } from 'rxjs';
import { createWorker, restartOnExit, type ReactiveWorker } from 'simple-ipc';

const folder = mkdtempSync(join(tmpdir(), 'many-machines-'));
const port = String(4_300 + (process.pid % 1_000));
const script = (name: string) => [
  process.execPath,
  ...process.execArgv,
  fileURLToPath(new URL(name, import.meta.url)),
];
const env = { ...process.env, NATS: `127.0.0.1:${port}` };

const broker = createWorker(['nats-server', '-js', '-a', '127.0.0.1', '-p', port, '-sd', folder], {
  stop: { endInputMs: 0 },
  supervise: restartOnExit(),
});
const nodes = ['A', 'B', 'C'].map((name) =>
  createWorker(script('node.ts'), {
    env: { ...env, NAME: name },
    stop: { endInputMs: 0, terminateMs: 10_000 },
    supervise: restartOnExit({ delayMs: 100 }),
  }),
);
const serving = ({ output$ }: ReactiveWorker) =>
  firstValueFrom(output$.pipe(filter((line) => line === 'serving 2')));
await Promise.all(nodes.map(serving));
console.log('Three nodes serve.');

const client = createWorker(script('client.ts'), { env });
client.output$.subscribe((line) => console.log(line));
const isOver = firstValueFrom(client.status$.pipe(filter(({ state }) => state === 'exited')));

await firstValueFrom(client.output$);
const [node = client] = nodes;
const isBack = serving(node);
if (node.status$.value.state === 'running') process.kill(node.status$.value.pid, 'SIGKILL');
console.log('Node A is killed.');
await isOver;
await isBack;
console.log('Node A serves again.');

await Promise.all(nodes.map((each) => each.stop()));
await broker.stop();
rmSync(folder, { recursive: true });
