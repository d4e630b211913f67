/**
 * How a program's stdout becomes values, and values become its stdin. One's own is an object with these
 * two functions, or a class with these two methods.
 *
 * @example
 * ```ts
 * import type { Codec } from 'simple-ipc';
 *
 * const sizes: Codec<number, string> = {
 *   decoder: (next) => ({ write: (chunk) => next(chunk.length), end: () => undefined }),
 *   encode: (value) => `${value}\n`,
 * };
 * ```
 *
 * @see {@link lines}, {@link jsonLines}, {@link contentLength}, {@link delimited}, {@link bytes}
 */
export interface Codec<Out, In> {
  // Functions, not methods: the compiler then objects to a codec that takes less, or gives something else.
  /**
   * Begins a stream of output: one decoder a run. `next` takes each value as soon as it is complete;
   * `limits` bounds the memory of the decoder.
   */
  readonly decoder: (next: (value: Out) => void, limits: DecoderLimits) => Decoder;
  /**
   * Encodes one value, with whatever ends it. It throws what makes the value impossible to send: that is
   * shown on `rejected$`. Bytes that it returns belong to the worker: they may be written much later.
   */
  readonly encode: (value: In) => string | Uint8Array;
}

/** Options with a codec, which determines the types of output and input. */
export interface WithCodec<Out, In> {
  /** How stdout becomes values and values become stdin. */
  readonly codec: Codec<Out, In>;
}

/** Bounds of a decoder's memory. */
export interface DecoderLimits {
  /** Bytes of an unfinished value. */
  readonly maxLineBytes: number;
}

/** Decodes chunks of bytes into values. Whatever it throws ends the run with a `FramingError`. */
export interface Decoder {
  /** Takes a chunk, which may begin and end anywhere. It is the decoder's to keep. */
  write(chunk: Uint8Array): void;
  /** The output has ended: delivers what is left. */
  end(): void;
}
