import type { Decoder } from './codec.js';

/**
 * Cuts text that frames nothing into lines: one past the limit comes in pieces, as soon as they are there,
 * instead of being an error. It is for stderr, where a progress bar writes for weeks without a LF.
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

  /** What is left of a line after its last piece may be nothing but its end. */
  #deliver(line: string): void {
    if (line !== '' || !this.#wasCut) this.next(line);
    this.#wasCut = false;
  }
}
