const MAX_LINES = 40;

/** The results of all that was tried: printed as they come, and as a table at the end. */
export class Report {
  #results = [];

  /**
   * Tries something; a failure is printed and kept.
   *
   * @param work - returns a remark for the table, or nothing; throws if it failed.
   */
  async try(what, work) {
    const startedAt = performance.now();
    let remark = '';
    let error;
    try {
      remark = (await work()) ?? '';
    } catch (thrown) {
      error = thrown;
    }
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    this.#results.push({ what, remark: error ? 'FAILED' : remark, isFailed: error, seconds });
    console.log(`${error ? 'FAILED' : 'ok'}: ${what}`);
    if (error) console.log(excerptOf(error.message).replaceAll(/^/gm, '    '));
  }

  /** Prints the table, and makes the exit code 1 if anything failed. */
  end() {
    const rows = this.#results.map(({ what, remark, isFailed, seconds }) => [
      isFailed ? 'FAILED' : 'ok',
      what,
      isFailed ? '' : remark,
      `${seconds} s`,
    ]);
    console.log(`\n${tableOf(['', 'what', '', 'time'], rows)}`);
    if (this.#results.some(({ isFailed }) => isFailed)) process.exitCode = 1;
  }
}

/** A compiler that finds one fault finds hundreds. */
function excerptOf(message) {
  const lines = message.split('\n');
  const left = lines.length - MAX_LINES;
  return left > 0 ? [...lines.slice(0, MAX_LINES), `… ${left} lines more`].join('\n') : message;
}

/** A table in Markdown. */
export function tableOf(heading, rows) {
  const widths = heading.map((_, column) =>
    Math.max(...[heading, ...rows].map((row) => row[column].length)),
  );
  const lineOf = (row) => `| ${row.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
  const rule = widths.map((width) => '-'.repeat(width));
  return [heading, rule, ...rows].map(lineOf).join('\n');
}
