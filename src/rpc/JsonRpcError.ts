/** Codes of JSON-RPC 2.0, "Error object". */
export const METHOD_NOT_FOUND = -32601;
export const INTERNAL_ERROR = -32603;

/**
 * An error of JSON-RPC 2.0: the answer of the other side to a request; or, thrown by a handler of `onRequest`, ours.
 */
export class JsonRpcError extends Error {
  /** The name of the class. */
  override readonly name = 'JsonRpcError';

  /**
   * @param message - what went wrong.
   * @param code - the number of the kind of error.
   * @param data - more about it.
   */
  constructor(
    message: string,
    /** The kind of error, as in JSON-RPC 2.0, "Error object", and the protocol that is spoken. */
    readonly code: number,
    /** More about it, if the other side sent that. */
    readonly data?: unknown,
  ) {
    super(message);
  }
}
