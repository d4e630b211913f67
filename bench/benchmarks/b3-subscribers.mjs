import { Subject } from 'rxjs';
import { check } from '../harness/check.mjs';
import { LineCount } from '../harness/LineCount.mjs';
import { seq, sizeOfSeq } from '../programs/seq.mjs';
import output from './b1-output.mjs';

/** Three independent subscribers. */
function subscribeThree(line$) {
  return [1, 2, 3].map(() => {
    const count = new LineCount();
    line$.subscribe((line) => count.add(line));
    return count;
  });
}

export default {
  ...output,
  id: 'B3',
  work: 'the same, three subscribers',
  figures: [{ key: 'ms', name: 'time', goal: 2, gross: 6 }],
  // It costs the peers the same for every line; fewer lines keep the whole short.
  peerSize: 'quick',

  async ours({ library, exited }, { lines }) {
    const worker = library.createWorker(seq(lines));
    const counts = subscribeThree(worker.output$);
    await exited(worker);
    for (const count of counts) check(count, sizeOfSeq(lines));
  },

  async peer({ open }, { lines }) {
    const line$ = new Subject();
    const counts = subscribeThree(line$);
    await open(seq(lines), (line) => line$.next(line)).done;
    for (const count of counts) check(count, sizeOfSeq(lines));
  },
};
