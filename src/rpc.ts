export type { JsonRpc, RpcHandler, RpcRequestOptions } from './rpc/Conversation.js';
export { JsonRpcError } from './rpc/JsonRpcError.js';
export { jsonRpc, type JsonRpcOptions } from './rpc/jsonRpc.js';
export type { RpcId, RpcMessage, RpcNotification } from './rpc/message.js';
export type { RpcWorker, StatusLike } from './rpc/RpcWorker.js';
