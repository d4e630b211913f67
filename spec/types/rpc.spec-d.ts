import type { Observable } from 'rxjs';
import { contentLength, createWorker } from 'simple-ipc';
import { WorkerTransport } from 'simple-ipc/mcp';
import { connectWorker, socketLink } from 'simple-ipc/remote';
import { jsonRpc, type RpcMessage, type RpcNotification } from 'simple-ipc/rpc';
import { expectTypeOf } from './expectTypeOf.js';

const worker = createWorker('x', { codec: contentLength<RpcMessage, RpcMessage>() });
const rpc = jsonRpc(worker);
expectTypeOf(rpc.request('a')).is<Observable<unknown>>();
expectTypeOf(rpc.request<{ b: number }>('a', [1], { timeoutMs: 5 })).is<
  Observable<{ b: number }>
>();
expectTypeOf(rpc.notifications$).is<Observable<RpcNotification>>();

// A worker of another process, and one of the transport.
jsonRpc(connectWorker<RpcMessage, RpcMessage>('server', { link: socketLink('ws://localhost') }));
jsonRpc(new WorkerTransport('x').worker, { dialect: 'mcp' });

// @ts-expect-error -- its values are lines
jsonRpc(createWorker('x'));
// @ts-expect-error -- no such dialect
jsonRpc(worker, { dialect: 'dap' });
// @ts-expect-error -- the codec is the transport's
new WorkerTransport('x', { codec: contentLength() });
