import { check } from '../harness/check.mjs';
import { LineCount } from '../harness/LineCount.mjs';

const line = 'x'.repeat(63);
const command = (bytes) => ['sh', '-c', `yes ${line} | head -c ${bytes}`];

export default {
  id: 'B8',
  work: '1 GB of output',
  size: { full: { bytes: 2 ** 30 }, quick: { bytes: 2 ** 27 } },
  figures: [{ key: 'peakMb', name: 'peak RSS', unit: 'MB', goal: 16 }],

  async control({ countBytes }, { bytes }) {
    check(await countBytes(command(bytes)), { bytes });
  },

  async ours({ library, exited }, { bytes }) {
    const count = new LineCount();
    const worker = library.createWorker(command(bytes));
    worker.output$.subscribe((received) => count.add(received));
    await exited(worker);
    check(count, { lines: bytes / (line.length + 1), bytes });
  },
};
