// Uses a tool of an MCP server, over stdio. Needs `npm ci` in examples/programs.
// With the official client it is `client.connect(new WorkerTransport(command))`: see docs/mcp.md.
import { fileURLToPath } from 'node:url';
import { filter, firstValueFrom, tap } from 'rxjs';
import { createWorker, inherit, jsonLines, SAFE_ENV } from 'simple-ipc';
import { jsonRpc, type RpcMessage } from 'simple-ipc/rpc';

const jsonrpc = '2.0';
const pathOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const folder = pathOf('../fixtures');
const program = pathOf('programs/node_modules/.bin/mcp-server-filesystem');

const server = createWorker([program, folder], {
  codec: jsonLines<RpcMessage, RpcMessage>(),
  env: inherit(...SAFE_ENV), // None of the host's secrets.
  // The protocol's handshake, before anything else, again after each restart.
  ready(output$, write) {
    const clientInfo = { name: 'example', version: '1.0.0' };
    const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo };
    write({ jsonrpc, id: 'hello', method: 'initialize', params });
    return output$.pipe(
      filter(({ id }) => id === 'hello'),
      tap(() => write({ jsonrpc, method: 'notifications/initialized' })),
    );
  },
  // The protocol's shutdown is what stop() does: close stdin, wait, SIGTERM, wait, SIGKILL.
  stop: { endInputMs: 2_000, terminateMs: 2_000 },
});

server.stderr$.subscribe((line) => console.error(line)); // Servers log there.

const rpc = jsonRpc(server, { dialect: 'mcp' });
const call = <Result>(method: string, params: object) =>
  firstValueFrom(rpc.request<Result>(method, params, { timeoutMs: 10_000 }));

const { tools } = await call<{ tools: { name: string }[] }>('tools/list', {});
const names = tools.map(({ name }) => name);
console.log('It can', names.filter((name) => name.startsWith('read_')).join(', '));

const read = { name: 'read_text_file', arguments: { path: `${folder}/program.mjs`, head: 1 } };
const { content } = await call<{ content: { text: string }[] }>('tools/call', read);
console.log(content[0]?.text);

await server.stop();
console.log(server.status$.value.state);
