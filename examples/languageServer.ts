// Asks a language server what it knows of a name. Needs `npm ci` in examples/programs.
import { fileURLToPath } from 'node:url';
import { firstValueFrom } from 'rxjs';
import { contentLength, createWorker } from 'simple-ipc';
import { jsonRpc, type RpcMessage } from 'simple-ipc/rpc';

const rootUri = new URL('..', import.meta.url).href; // Its TypeScript is the one that is used.
const uri = 'file:///answer.ts'; // It exists nowhere but in the message below.
const text = '/** To everything. */\nexport const answer = 6 * 7;\n';
const program = new URL('programs/node_modules/.bin/typescript-language-server', import.meta.url);

const server = createWorker([fileURLToPath(program), '--stdio'], {
  codec: contentLength<RpcMessage, RpcMessage>(),
});

const rpc = jsonRpc(server);
const request = <Result>(method: string, params?: object) =>
  firstValueFrom(rpc.request<Result>(method, params, { timeoutMs: 30_000 }));

const initializationOptions = { disableAutomaticTypingAcquisition: true };
const capabilities = {};
await request('initialize', {
  processId: process.pid,
  rootUri,
  capabilities,
  initializationOptions,
});
rpc.notify('initialized', {});

const textDocument = { uri, languageId: 'typescript', version: 1, text };
rpc.notify('textDocument/didOpen', { textDocument });

const hover = { textDocument: { uri }, position: { line: 1, character: 15 } };
const reply = await request<{ contents: { value: string } }>('textDocument/hover', hover);
console.log(reply.contents.value);

await request('shutdown');
rpc.notify('exit');
await server.stop(); // Should it not have exited: end-of-file, SIGTERM, SIGKILL; for its helpers too.
console.log(server.status$.value.state);
