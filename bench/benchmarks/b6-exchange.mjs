import { check } from '../harness/check.mjs';
import { splitter } from '../sides/splitter.mjs';

/** How many requests the control joins into one write. */
const JOINED = 1_000;

/** A request is its id and some text; `cat` makes its reply of it. */
const requestOf = (id) => `${id} what is the answer?`;
const idOf = (message) => message.slice(0, message.indexOf(' '));

/** Counts the replies, and those that belong to their request. */
const counter = () => {
  const seen = { replies: 0, right: 0 };
  const add = (request, reply) => {
    seen.replies++;
    if (request === reply) seen.right++;
  };
  return { seen, add };
};

const expected = (requests) => ({ replies: requests, right: requests });

export default {
  id: 'B6',
  work: '200,000 exchanges, by key',
  size: { full: { requests: 200_000 }, quick: { requests: 100_000 } },
  figures: [{ key: 'ms', name: 'time', goal: 1.5, gross: 10 }],

  async control({ spawn, closed }, { requests }) {
    const { seen, add } = counter();
    const underWay = new Map();
    const child = spawn('cat');
    const split = splitter((reply) => {
      const id = idOf(reply);
      add(underWay.get(id), reply);
      underWay.delete(id);
      if (underWay.size === 0) child.stdin.end();
    });
    child.stdout.on('data', split.write);
    let waiting = [];
    for (let n = 0; n < requests; n++) {
      const request = requestOf(n);
      underWay.set(idOf(request), request);
      if (waiting.push(request) < JOINED) continue;
      child.stdin.write(`${waiting.join('\n')}\n`);
      waiting = [];
    }
    await closed(child);
    check(seen, expected(requests));
  },

  async ours({ library, rxjs, exited }, { requests }) {
    const { seen, add } = counter();
    const worker = library.createWorker('cat');
    rxjs
      .range(0, requests)
      .pipe(rxjs.map(requestOf), library.exchange(worker, { key: idOf }))
      .subscribe({
        next: (reply) => add(requestOf(idOf(reply)), reply),
        complete: () => worker.send.complete(),
      });
    await exited(worker);
    check(seen, expected(requests));
  },
};
