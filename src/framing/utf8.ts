/** How much text a kept line may keep alive, unless it is longer itself: of two bytes a character, or of one. */
const BLOCK_BYTES = { any: 2 * 1024, ascii: 4 * 1024 };

// Without ignoreBOM, a byte order mark would vanish at the start of every chunk.
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

// ASCII is Latin-1, which Node decodes without a check and in half the time.
const node =
  typeof process === 'object'
    ? (process as Partial<NodeJS.Process>).getBuiltinModule?.('node:buffer')
    : undefined;

/** Bytes to be decoded in blocks that begin and end between characters. */
export interface Utf8Blocks {
  /** How long a block should be. */
  readonly blockBytes: number;
  /** The text of a block. */
  readonly decode: (start: number, end: number) => string;
}

/** Prepares bytes for being decoded in blocks. */
export function utf8Blocks(bytes: Uint8Array): Utf8Blocks {
  if (node?.isAscii(bytes)) {
    const ascii = node.Buffer.isBuffer(bytes)
      ? bytes
      : node.Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    return {
      blockBytes: BLOCK_BYTES.ascii,
      decode: (start, end) => ascii.toString('latin1', start, end),
    };
  }
  return {
    blockBytes: BLOCK_BYTES.any,
    decode: (start, end) => utf8.decode(bytes.subarray(start, end)),
  };
}

/** Decodes bytes as a whole; a malformed byte becomes U+FFFD (WHATWG Encoding). */
export function decodeUtf8(bytes: Uint8Array): string {
  return utf8Blocks(bytes).decode(0, bytes.length);
}
