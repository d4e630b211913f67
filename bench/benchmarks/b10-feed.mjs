import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { check } from '../harness/check.mjs';

const slowReader = [
  process.execPath,
  fileURLToPath(new URL('../programs/slowReader.mjs', import.meta.url)),
];
const line = 'x'.repeat(8_191);

function* linesOf(bytes) {
  for (let written = 0; written < bytes; written += line.length + 1) yield line;
}

export default {
  id: 'B10',
  work: '1 GB fed to a slow reader',
  size: { full: { bytes: 2 ** 30 }, quick: { bytes: 2 ** 27 } },
  figures: [{ key: 'peakMb', name: 'peak RSS', unit: 'MB', goal: 16 }],

  async control({ spawn, closed }, { bytes }) {
    let answer = '';
    const child = spawn(...slowReader);
    child.stdout.on('data', (chunk) => (answer += chunk));
    for (const value of linesOf(bytes)) {
      if (!child.stdin.write(`${value}\n`)) await once(child.stdin, 'drain');
    }
    child.stdin.end();
    await closed(child);
    check({ bytes: Number(answer) }, { bytes });
  },

  async ours({ library, exited }, { bytes }) {
    let answer = '';
    const worker = library.createWorker(slowReader);
    worker.output$.subscribe((received) => (answer = received));
    library.feed(worker, linesOf(bytes)).subscribe({ complete: () => worker.send.complete() });
    await exited(worker);
    check({ bytes: Number(answer) }, { bytes });
  },
};
