import type { RpcId } from './message.js';

/** How a protocol on JSON-RPC cancels requests and reports their progress. */
export interface Dialect {
  readonly cancel: string;
  readonly cancelParams: (id: RpcId) => object;
  readonly cancelledId: (params: Fields) => unknown;
  readonly progress: string;
  readonly token: (params: Fields) => unknown;
  readonly progressValue: (params: Fields) => unknown;
  readonly withToken: (params: unknown, token: RpcId) => unknown;
}

/** The fields of an object. */
export type Fields = Readonly<Record<string, unknown>>;

/** Those that are known. */
export const DIALECTS = {
  // Language Server Protocol 3.17, "Cancellation Support", "Progress Support", "Work Done Progress".
  lsp: {
    cancel: '$/cancelRequest',
    cancelParams: (id) => ({ id }),
    cancelledId: ({ id }) => id,
    progress: '$/progress',
    token: ({ token }) => token,
    progressValue: ({ value }) => value,
    withToken: (params, workDoneToken) => ({ ...fieldsOf(params), workDoneToken }),
  },
  // Model Context Protocol 2025-06-18, "Cancellation", "Progress".
  mcp: {
    cancel: 'notifications/cancelled',
    cancelParams: (requestId) => ({ requestId }),
    cancelledId: ({ requestId }) => requestId,
    progress: 'notifications/progress',
    token: ({ progressToken }) => progressToken,
    progressValue: (params) => params,
    withToken(params, progressToken) {
      const fields = fieldsOf(params);
      return { ...fields, _meta: { ...fieldsOf(fields._meta), progressToken } };
    },
  },
} satisfies Record<string, Dialect>;

/** The fields of a value; of one that is no object, none. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
