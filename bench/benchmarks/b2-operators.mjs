import { filter, map, Subject } from 'rxjs';
import { check } from '../harness/check.mjs';
import { seq } from '../programs/seq.mjs';
import output from './b1-output.mjs';

const isKept = (line) => line.charCodeAt(line.length - 1) !== 48;
const square = (line) => line.length ** 2;

/** Nine lines of ten are kept; the sum of the squares of their lengths. */
function expected(lines) {
  let sum = 0;
  for (let length = 1; 10 ** (length - 1) <= lines; length++) {
    const first = 10 ** (length - 1);
    const last = Math.min(lines, 10 ** length - 1);
    sum +=
      (last - first + 1 - (Math.floor(last / 10) - Math.floor((first - 1) / 10))) * length ** 2;
  }
  return { kept: lines - Math.floor(lines / 10), sum };
}

/** Takes what came through the operators. */
const adder = () => {
  const seen = { kept: 0, sum: 0 };
  const add = (number) => {
    seen.kept++;
    seen.sum += number;
  };
  return { seen, add };
};

export default {
  ...output,
  id: 'B2',
  work: 'the same, pipe(filter, map)',
  figures: [{ key: 'ms', name: 'time', goal: 1.8, gross: 8 }],
  // It costs the peers the same for every line; fewer lines keep the whole short.
  peerSize: 'quick',

  async ours({ library, rxjs, exited }, { lines }) {
    const { seen, add } = adder();
    const worker = library.createWorker(seq(lines));
    worker.output$.pipe(rxjs.filter(isKept), rxjs.map(square)).subscribe(add);
    await exited(worker);
    check(seen, expected(lines));
  },

  async peer({ open }, { lines }) {
    const { seen, add } = adder();
    const line$ = new Subject();
    line$.pipe(filter(isKept), map(square)).subscribe(add);
    await open(seq(lines), (line) => line$.next(line)).done;
    check(seen, expected(lines));
  },
};
