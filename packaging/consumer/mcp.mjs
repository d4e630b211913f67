// @ts-check
// The official MCP clients, versions 1 and 2, on WorkerTransport: their types, and a server that is killed.
import assert from 'node:assert/strict';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { Client as ClientOne } from '@modelcontextprotocol/sdk/client/index.js';
import { Client as ClientTwo } from '@modelcontextprotocol/client';
import { filter, firstValueFrom } from 'rxjs';
import { WorkerTransport } from 'simple-ipc/mcp';

const everything = 'node_modules/@modelcontextprotocol/server-everything/dist/index.js';
const server = [process.execPath, fileURLToPath(new URL(everything, import.meta.url)), 'stdio'];
const about = { name: 'trial', version: '1.0.0' };

/** Each connects by its own `connect()`, so that its own type of a transport is checked. */
const clients = [
  async () => {
    const [client, transport] = [new ClientOne(about), new WorkerTransport(server)];
    await client.connect(transport);
    return { client, transport };
  },
  async () => {
    const [client, transport] = [new ClientTwo(about), new WorkerTransport(server)];
    await client.connect(transport);
    return { client, transport };
  },
];

for (const connect of clients) {
  const { client, transport } = await connect();
  const { tools } = await client.listTools();
  assert.ok(tools.some(({ name }) => name === 'echo'));
  const slow = { name: 'trigger-long-running-operation', arguments: { duration: 60, steps: 2 } };
  const failure = client.callTool(slow).then(
    () => undefined,
    (error) => error,
  );
  const { status$ } = transport.worker;
  const status = await firstValueFrom(status$.pipe(filter(({ state }) => state === 'running')));
  assert.ok('pid' in status && status.pid);
  process.kill(status.pid, 'SIGKILL');
  assert.match(String(await failure), /the server ended: signal \(SIGKILL\)/);
  const answer = await client.callTool({ name: 'echo', arguments: { message: 'again' } });
  assert.deepEqual(answer.content, [{ type: 'text', text: 'Echo: again' }]);
  await client.close();
  assert.equal(status$.value.state, 'stopped');
}
console.log('the server was killed and is there again, twice');
