import { check } from '../harness/check.mjs';
import { LineCount } from '../harness/LineCount.mjs';
import { peers } from '../sides/peers.mjs';

/** A thousand short lines, to be sent again and again: made before the clock starts. */
const made = Array.from({ length: 1_000 }, (_, index) => `line ${1_000 + index}`);
const lineAt = (n) => made[n % made.length];
const expected = (lines) => ({ lines, bytes: lines * (lineAt(0).length + 1) });

export default {
  id: 'B4',
  work: '1 million short lines to cat and back',
  size: { full: { lines: 1_000_000 }, quick: { lines: 200_000 } },
  figures: [{ key: 'ms', name: 'time', goal: 0.25, gross: 1 }],
  peers,

  async control({ spawn, newlinesIn, closed }, { lines }) {
    const count = new LineCount();
    const child = spawn('cat');
    child.stdout.on('data', (chunk) => {
      count.bytes += chunk.length;
      count.lines += newlinesIn(chunk);
    });
    for (let n = 0; n < lines; n++) child.stdin.write(`${lineAt(n)}\n`);
    child.stdin.end();
    await closed(child);
    check(count, expected(lines));
  },

  async ours({ library, exited }, { lines }) {
    const count = new LineCount();
    const worker = library.createWorker('cat');
    worker.output$.subscribe((line) => count.add(line));
    for (let n = 0; n < lines; n++) worker.send.next(lineAt(n));
    worker.send.complete();
    await exited(worker);
    check(count, expected(lines));
  },

  async peer({ open }, { lines }) {
    const count = new LineCount();
    const { write, end, done } = open(['cat'], (line) => count.add(line));
    for (let n = 0; n < lines; n++) write(lineAt(n));
    end();
    await done;
    check(count, expected(lines));
  },
};
