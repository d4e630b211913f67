import { oneOf } from '../contract/check.js';
import { checkOptions, type Checks } from '../contract/options.js';
import { Conversation, type JsonRpc } from './Conversation.js';
import { DIALECTS } from './dialect.js';
import type { RpcWorker } from './RpcWorker.js';

/** Options of {@link jsonRpc}. */
export interface JsonRpcOptions {
  /**
   * How requests are cancelled and progress is reported: the Language Server Protocol's `$/cancelRequest`,
   * `$/progress` and `workDoneToken`, or the Model Context Protocol's `notifications/cancelled`,
   * `notifications/progress` and `_meta.progressToken`.
   * @defaultValue `'lsp'`
   */
  readonly dialect?: 'lsp' | 'mcp';
}

const RPC_CHECKS = { dialect: oneOf('lsp', 'mcp') } satisfies Checks<JsonRpcOptions>;

/**
 * Speaks JSON-RPC 2.0 with a program, both ways, over any codec of messages: `contentLength()` for language servers,
 * `jsonLines()` for MCP servers. A request belongs to the run in which it is sent, and fails when that ends; nothing is
 * asked again, since requests have effects. It listens until it is disposed, or the worker is.
 *
 * @example
 * ```ts
 * import { jsonRpc, type RpcMessage } from 'simple-ipc/rpc';
 *
 * const server = createWorker('typescript-language-server --stdio', {
 *   codec: contentLength<RpcMessage, RpcMessage>(),
 * });
 * const rpc = jsonRpc(server);
 * rpc.onRequest('workspace/configuration', () => [null]);
 * rpc.notifications$.subscribe(({ method }) => console.log(method));
 * rpc.request('initialize', { processId: null, rootUri: null, capabilities: {} }).subscribe(() => {
 *   rpc.notify('initialized', {});
 * });
 * ```
 *
 * @param worker - the program. To ask several, one conversation per worker of a pool.
 * @param options - see {@link JsonRpcOptions}.
 * @returns the conversation.
 * @throws TypeError for a wrong option.
 */
export function jsonRpc(worker: RpcWorker, options: JsonRpcOptions = {}): JsonRpc {
  checkOptions('jsonRpc', options, RPC_CHECKS);
  return new Conversation(worker, DIALECTS[options.dialect ?? 'lsp']);
}
