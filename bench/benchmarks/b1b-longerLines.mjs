import { check } from '../harness/check.mjs';
import { LineCount } from '../harness/LineCount.mjs';
import { filled, sizeOfFilled } from '../programs/filled.mjs';

/** Times each kind of line by itself. */
async function eachOf({ lines100, lines400 }, run) {
  const times = [];
  for (const [lines, bytes] of [
    [lines100, 100],
    [lines400, 400],
  ]) {
    const startedAt = performance.now();
    check(await run(filled(lines, bytes)), sizeOfFilled(lines, bytes));
    times.push(performance.now() - startedAt);
  }
  return { ms100: times[0], ms400: times[1] };
}

export default {
  id: 'B1b',
  work: 'longer lines out: 2 million of 100 characters, 500,000 of 400',
  size: {
    full: { lines100: 2_000_000, lines400: 500_000 },
    quick: { lines100: 400_000, lines400: 100_000 },
  },
  figures: [
    { key: 'ms100', name: 'of 100', goal: 1.25, gross: 5 },
    { key: 'ms400', name: 'of 400', goal: 1.25, gross: 5 },
  ],
  peers: {
    byHand: 'by hand: raw + split',
    readlineEvent: "readline, 'line' event",
    execaData: "execa, 'data' event + split",
    spawnRx: 'spawn-rx + split',
  },

  control: ({ countLines }, size) => eachOf(size, countLines),

  ours: ({ library, exited }, size) =>
    eachOf(size, async (command) => {
      const count = new LineCount();
      const worker = library.createWorker(command);
      worker.output$.subscribe((line) => count.add(line));
      await exited(worker);
      return count;
    }),

  peer: ({ open }, size) =>
    eachOf(size, async (command) => {
      const count = new LineCount();
      await open(command, (line) => count.add(line)).done;
      return count;
    }),
};
