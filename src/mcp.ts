/// <reference types="node" preserve="true" />
export { WorkerTransport, type WorkerTransportOptions } from './mcp/WorkerTransport.js';
export type { RpcId, RpcMessage } from './rpc/message.js';
