import { checkArguments } from '../contract/options.js';
import type { Codec } from './codec.js';

/**
 * Raw bytes, chunk by chunk as they come: for programs that speak no lines, such as ffmpeg. Text that is
 * sent is encoded as UTF-8; nothing is added to it. Bytes that are sent are copied: their buffer may be used again at once.
 *
 * @example
 * ```ts
 * fromCommand(['ffmpeg', '-i', file, '-f', 'wav', '-'], { codec: bytes() });
 * ```
 *
 * @returns the codec.
 */
export function bytes(): Codec<Uint8Array, Uint8Array | string> {
  checkArguments('bytes', arguments, 0);
  return {
    decoder: (next) => ({
      write: next,
      end: () => undefined,
    }),
    encode(value) {
      if (typeof value === 'string') return value;
      // They may wait for the program, while their owner reads the next chunk into the same memory.
      if (value instanceof Uint8Array) return new Uint8Array(value);
      throw new TypeError(`bytes must be a Uint8Array or a string, not ${typeof value}`);
    },
  };
}
