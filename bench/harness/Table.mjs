import { stdout } from 'node:process';
import { format, formatFigure } from './format.mjs';

const WIDTHS = [34, 14, 10, 16, 8, 8];

/** A table on the terminal, a row at a time, with a line below it that says what is being done. */
export class Table {
  #hasProgress = false;

  heading() {
    this.#cells('', 'figure', 'median', 'min – max', 'CPU', 'goal');
  }

  title({ id, work }) {
    this.#line(`\n${id}  ${work}`);
  }

  /** One figure of one side. */
  row({ side, name, goal, min, max, cpu, note = '', failure, ...figure }) {
    if (failure) {
      this.#cells(`    ${side}`, failure);
      return;
    }
    this.#cells(
      `    ${side}`,
      name,
      formatFigure(figure),
      min === undefined ? '' : `${format(min)} – ${format(max)}`,
      cpu ? `${format(cpu.median)} ×` : '',
      goal === undefined ? '' : `≤ ${goal}`,
      note,
    );
  }

  note(text) {
    this.#line(`    ${text}`);
  }

  /** Shows what is being done, where a line can be taken back. */
  progress(text) {
    if (!stdout.isTTY) return;
    stdout.write(`\r\x1b[K    ${text}`);
    this.#hasProgress = true;
  }

  #cells(...cells) {
    const padded = cells.map((cell, index) => cell.padEnd(WIDTHS[index] ?? 0));
    this.#line(padded.join(' ').trimEnd());
  }

  #line(text) {
    if (this.#hasProgress) stdout.write('\r\x1b[K');
    this.#hasProgress = false;
    console.log(text);
  }
}
