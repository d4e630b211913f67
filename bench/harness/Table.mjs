import { stdout } from 'node:process';
import { format, formatFigure } from './format.mjs';

const WIDTHS = [34, 14, 10, 16, 8, 6, 8];

/** A table on the terminal, printed row by row, with a line of progress below it. */
export class Table {
  #hasProgress = false;

  heading() {
    this.#cells('', 'figure', 'median', 'min – max', 'CPU', 'load', 'goal');
  }

  title({ id, work }) {
    this.#line(`\n${id}  ${work}`);
  }

  /** One figure of one side. */
  row({ side, name, goal, min, max, cpu, load, note = '', failure, ...figure }) {
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
      load === undefined ? '' : load.toFixed(1),
      goal === undefined ? '' : `≤ ${goal}`,
      note,
    );
  }

  note(text) {
    this.#line(`    ${text}`);
  }

  /** Shows the progress, on a terminal where a line can be erased. */
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
