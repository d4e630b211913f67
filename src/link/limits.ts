/** The largest value that a client sends or asks, in bytes: batched and escaped it is below a `maxPayload` of 2 MiB. */
export const MAX_SENT_BYTES = 256 * 1024;
