import { check } from '../harness/check.mjs';
import { LineCount } from '../harness/LineCount.mjs';
import { seq, sizeOfSeq } from '../programs/seq.mjs';
import { peers } from '../sides/peers.mjs';

export default {
  id: 'B1',
  work: '5 million lines out, one subscriber',
  size: { full: { lines: 5_000_000 }, quick: { lines: 2_000_000 } },
  figures: [{ key: 'ms', name: 'time', goal: 1.25, gross: 5 }],
  peers,
  peerSize: 'quick',

  async control({ countLines }, { lines }) {
    check(await countLines(seq(lines)), sizeOfSeq(lines));
  },

  async ours({ library, exited }, { lines }) {
    const count = new LineCount();
    const worker = library.createWorker(seq(lines));
    worker.output$.subscribe((line) => count.add(line));
    await exited(worker);
    check(count, sizeOfSeq(lines));
  },

  async peer({ open }, { lines }) {
    const count = new LineCount();
    await open(seq(lines), (line) => count.add(line)).done;
    check(count, sizeOfSeq(lines));
  },
};
