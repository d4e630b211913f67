// Uses a tool of an MCP server, over stdio. Needs `npm ci` in examples/programs.
import { fileURLToPath } from 'node:url';
import { filter, firstValueFrom, map, of, tap } from 'rxjs';
import { createWorker, exchange, jsonLines } from 'simple-ipc';

/** JSON-RPC 2.0; the server's own requests have numbers as ids. */
interface Message {
  readonly jsonrpc: '2.0';
  readonly id?: string | number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: { tools?: { name: string }[]; content?: { text: string }[] };
  readonly error?: { message: string };
}

const jsonrpc = '2.0';
const pathOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const folder = pathOf('../fixtures');
const program = pathOf('programs/node_modules/.bin/mcp-server-filesystem');

const server = createWorker([program, folder], {
  codec: jsonLines<Message, Message>(),
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

let requests = 0;
const key = ({ id }: Message) => id;
const call = (method: string, params: unknown) => {
  const replies$ = of({ jsonrpc, id: `request ${++requests}`, method, params } as const).pipe(
    exchange(server, { key, timeoutMs: 10_000 }),
    map(({ result, error }) => {
      if (error) throw new Error(error.message);
      return result;
    }),
  );
  return firstValueFrom(replies$);
};

const tools = (await call('tools/list', {}))?.tools?.map(({ name }) => name) ?? [];
console.log('It can', tools.filter((name) => name.startsWith('read_')).join(', '));

const read = { name: 'read_text_file', arguments: { path: `${folder}/program.mjs`, head: 1 } };
console.log((await call('tools/call', read))?.content?.[0]?.text);

await server.stop();
console.log(server.status$.value.state);
