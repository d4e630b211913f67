import { check } from '../harness/check.mjs';
import { splitter } from '../sides/splitter.mjs';

const requestOf = (id) => `${id} what is the answer?`;
const SIZES = [
  ['ms', 1],
  ['poolMs', 2],
];

/** Times it with one program, and with two. */
async function eachOf({ requests }, run) {
  const times = {};
  for (const [key, programs] of SIZES) {
    const startedAt = performance.now();
    check(await run(requests, programs), { replies: requests });
    times[key] = performance.now() - startedAt;
  }
  return times;
}

export default {
  id: 'B6b',
  work: '50,000 exchanges, in turn',
  size: { full: { requests: 50_000 }, quick: { requests: 10_000 } },
  figures: [
    { key: 'ms', name: 'one program', goal: 1.5, gross: 10 },
    { key: 'poolMs', name: 'a pool of 2', goal: 1.5, gross: 10 },
  ],

  control: ({ spawn, closed }, size) =>
    eachOf(size, async (requests, programs) => {
      let asked = 0;
      let replies = 0;
      const askNext = (child) => {
        child.request = requestOf(asked++);
        child.stdin.write(`${child.request}\n`);
      };
      const children = Array.from({ length: programs }, () => {
        const child = spawn('cat');
        const split = splitter((reply) => {
          if (reply !== child.request) throw new Error(`a wrong reply: ${reply}`);
          replies++;
          if (asked < requests) askNext(child);
          else child.stdin.end();
        });
        child.stdout.on('data', split.write);
        askNext(child);
        return child;
      });
      await Promise.all(children.map(closed));
      return { replies };
    }),

  ours: ({ library, rxjs }, size) =>
    eachOf(size, async (requests, programs) => {
      const target =
        programs === 1
          ? library.createWorker('cat')
          : library.createPool('cat', { size: programs });
      let replies = 0;
      const all$ = rxjs.range(0, requests).pipe(
        rxjs.map(requestOf),
        library.exchange(target, {
          reply: (output$, request) =>
            output$.pipe(
              rxjs.take(1),
              rxjs.tap((reply) => {
                if (reply !== request) throw new Error(`a wrong reply: ${reply}`);
              }),
            ),
        }),
      );
      await all$.forEach(() => replies++);
      await target.stop();
      return { replies };
    }),
};
