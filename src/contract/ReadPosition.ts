/**
 * Where in the output the value that is being delivered was read. A worker has one; its runs write it, and requests
 * read it: a value of a chunk that was read before a request was written is no reply to it.
 */
export class ReadPosition {
  /** How many chunks of stdout were read so far, over all runs. */
  chunks = 0;
  /** Whether the value is what the output ended with, without its terminator: it may be cut. */
  isUnterminated = false;
}
