import { measure } from './measure.mjs';

/** How long one measurement may take, in seconds. */
const LIMIT = { ours: 120, peer: 20 };

/**
 * Runs a side and the control beside it, in turn, several times.
 *
 * @param budgetSeconds - when these are spent, no further pair begins.
 * @param progress - called before each pair.
 * @returns for each figure of the benchmark, and for the CPU time, its median, least and most over
 * the pairs; or `{ failure }`.
 */
export async function compare(benchmark, side, { size, pairs, budgetSeconds, progress }) {
  const limit = side === 'simpleIpc' ? LIMIT.ours : LIMIT.peer;
  const startedAt = performance.now();
  const done = [];
  while (done.length < pairs) {
    progress(done.length + 1, pairs);
    const control = await measure(benchmark, 'raw', size, LIMIT.ours);
    if (control.failure) return { failure: `the control: ${control.failure}`, isControl: true };
    const measured = await measure(benchmark, side, size, limit);
    if (measured.failure) return measured;
    done.push({ control, measured });
    if (performance.now() - startedAt > budgetSeconds * 1000) break;
  }
  const over = (combine) =>
    summarize(done.map(({ control, measured }) => combine(control, measured)));
  const ratioOf = (key) => over((control, measured) => measured[key] / control[key]);
  const excessOf = (key) => over((control, measured) => measured[key] - control[key]);
  return {
    pairs: done.length,
    cpu: ratioOf('cpuMs'),
    figures: benchmark.figures.map(({ key, unit }) => (unit ? excessOf(key) : ratioOf(key))),
  };
}

function summarize(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
  return { median, min: sorted[0], max: sorted.at(-1) };
}
