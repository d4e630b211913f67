/** The id of a request. */
export type RpcId = string | number;

/** A message of JSON-RPC 2.0: a request, a notification or a response, by which of its fields are there. */
export interface RpcMessage {
  /** The version of the protocol. */
  readonly jsonrpc: '2.0';
  /** Of a request and of its response. `null`: the response to what could not be read. */
  readonly id?: RpcId | null | undefined;
  /** Of a request and of a notification. */
  readonly method?: string | undefined;
  /** Their parameters. */
  readonly params?: unknown;
  /** Of a response: what the request led to. */
  readonly result?: unknown;
  /** Of a response: why the request failed. */
  readonly error?:
    | {
        /** What kind of error; from -32768 to -32000 those of the protocol. */
        readonly code: number;
        /** A sentence. */
        readonly message: string;
        /** More about it. */
        readonly data?: unknown;
      }
    | undefined;
}

/** A notification: a message that expects no reply. */
export interface RpcNotification {
  /** The kind of notification. */
  readonly method: string;
  /** Its parameters. */
  readonly params: unknown;
}
