import type { Decoder } from './codec.js';

/**
 * Splits stderr into lines. One past the limit is emitted in parts, as soon as they are read, instead of being an
 * error: a progress bar may write for weeks without a LF.
 */
export class StderrDecoder implements Decoder {
  readonly #utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
  #waiting = '';
  #wasCut = false;

  /** @param maxLength - how many UTF-16 units may wait for their LF. */
  constructor(
    private readonly next: (line: string) => void,
    private readonly maxLength: number,
  ) {}

  write(chunk: Uint8Array): void {
    const lines = this.#utf8.decode(chunk, { stream: true }).split('\n');
    // Only what is new is looked through, or a line in many chunks would cost quadratic time.
    lines[0] = this.#waiting + (lines[0] ?? '');
    this.#waiting = lines.pop() ?? '';
    for (const line of lines) this.#deliver(line.endsWith('\r') ? line.slice(0, -1) : line);
    if (this.#waiting.length <= this.maxLength) return;
    this.next(this.#waiting);
    this.#waiting = '';
    this.#wasCut = true;
  }

  end(): void {
    const last = this.#waiting + this.#utf8.decode();
    if (last !== '') this.next(last);
    this.#waiting = '';
  }

  /** The rest of a line after its last part may be nothing but its end. */
  #deliver(line: string): void {
    if (line !== '' || !this.#wasCut) this.next(line);
    this.#wasCut = false;
  }
}
