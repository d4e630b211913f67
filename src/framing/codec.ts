/** How a program's stdout becomes values, and values become its stdin. */
export interface Codec<Out, In> {
  /**
   * Begins a stream of output: one decoder a run.
   *
   * @param next - takes each value as soon as it is complete.
   * @param limits - what the decoder may keep in memory.
   */
  decoder(next: (value: Out) => void, limits: DecoderLimits): Decoder;
  /**
   * Encodes one value, with whatever ends it.
   *
   * @throws whatever makes the value impossible to send: it is shown on `rejected$`.
   */
  encode(value: In): string | Uint8Array;
}

/** What a decoder may keep in memory. */
export interface DecoderLimits {
  /** Bytes of an unfinished value. */
  readonly maxLineBytes: number;
}

/** Turns chunks of bytes into values. Whatever it throws ends the run with a `FramingError`. */
export interface Decoder {
  /** Takes a chunk, which may begin and end anywhere. It is the decoder's to keep. */
  write(chunk: Uint8Array): void;
  /** The output has ended: delivers what is left. */
  end(): void;
}
