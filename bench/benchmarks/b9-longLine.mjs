import { check } from '../harness/check.mjs';
import { LineCount } from '../harness/LineCount.mjs';

const command = (bytes) => ['sh', '-c', `head -c ${bytes - 1} /dev/zero | tr '\\0' x; echo`];

export default {
  id: 'B9',
  work: 'one line of 32 MB',
  size: { full: { bytes: 2 ** 25 }, quick: { bytes: 2 ** 25 } },
  figures: [{ key: 'ms', name: 'time', goal: 2 }],

  async control({ countBytes }, { bytes }) {
    check(await countBytes(command(bytes)), { bytes });
  },

  async ours({ library, exited }, { bytes }) {
    const count = new LineCount();
    const worker = library.createWorker(command(bytes));
    worker.output$.subscribe((line) => count.add(line));
    await exited(worker);
    check(count, { lines: 1, bytes });
  },
};
