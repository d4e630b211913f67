// Asks a language server what it knows of a name. Needs `npm ci` in examples/programs.
import { fileURLToPath } from 'node:url';
import { filter, firstValueFrom, map, of, tap } from 'rxjs';
import { contentLength, createWorker, exchange } from 'simple-ipc';

/** JSON-RPC 2.0; the server's own requests have numbers as ids. */
interface Message {
  readonly jsonrpc: '2.0';
  readonly id?: string | number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: { readonly contents: { readonly value: string } };
}

const jsonrpc = '2.0';
const rootUri = new URL('..', import.meta.url).href; // Its TypeScript is the one that is used.
const uri = 'file:///answer.ts'; // It exists nowhere but in the message below.
const text = '/** To everything. */\nexport const answer = 6 * 7;\n';
const program = new URL('programs/node_modules/.bin/typescript-language-server', import.meta.url);

const server = createWorker([fileURLToPath(program), '--stdio'], {
  codec: contentLength<Message, Message>(),
  ready(output$, write) {
    const initializationOptions = { disableAutomaticTypingAcquisition: true };
    const params = { processId: process.pid, rootUri, capabilities: {}, initializationOptions };
    write({ jsonrpc, id: 'hello', method: 'initialize', params });
    return output$.pipe(
      filter(({ id }) => id === 'hello'),
      tap(() => write({ jsonrpc, method: 'initialized', params: {} })),
    );
  },
});

const notify = (method: string, params?: unknown) => server.send.next({ jsonrpc, method, params });

let requests = 0;
const key = ({ id }: Message) => id;
const request = (method: string, params?: unknown) => {
  const reply$ = of({ jsonrpc, id: `request ${++requests}`, method, params } as const).pipe(
    exchange(server, { key, timeoutMs: 30_000 }),
    map(({ result }) => result),
  );
  return firstValueFrom(reply$);
};

const textDocument = { uri, languageId: 'typescript', version: 1, text };
notify('textDocument/didOpen', { textDocument });

const hover = { textDocument: { uri }, position: { line: 1, character: 15 } };
console.log((await request('textDocument/hover', hover))?.contents.value);

await request('shutdown');
notify('exit');
await server.stop(); // Should it not have exited: end-of-file, SIGTERM, SIGKILL; for its helpers too.
console.log(server.status$.value.state);
