import { RoundTrips } from '../harness/RoundTrips.mjs';
import { peers } from '../sides/peers.mjs';

export default {
  id: 'B5',
  work: '20,000 round trips through cat',
  size: { full: { trips: 20_000 }, quick: { trips: 5_000 } },
  figures: [
    { key: 'p50', name: 'p50', goal: 1.05, gross: 3.5 },
    { key: 'p99', name: 'p99', goal: 1.3, gross: Infinity },
  ],
  // On several cores the time depends on which of them the two processes happen to be.
  pinned: true,
  peers,

  async control({ spawn, closed }, { trips }) {
    const roundTrips = new RoundTrips(trips);
    const child = spawn('cat');
    child.stdout.on('data', (chunk) => {
      if (roundTrips.reply(chunk.toString('utf8', 0, chunk.length - 1)))
        child.stdin.write(`${roundTrips.request()}\n`);
      else child.stdin.end();
    });
    child.stdin.write(`${roundTrips.request()}\n`);
    await closed(child);
    return roundTrips.summary();
  },

  async ours({ library, exited }, { trips }) {
    const roundTrips = new RoundTrips(trips);
    const worker = library.createWorker('cat');
    worker.output$.subscribe((line) => {
      if (roundTrips.reply(line)) worker.send.next(roundTrips.request());
      else worker.send.complete();
    });
    worker.send.next(roundTrips.request());
    await exited(worker);
    return roundTrips.summary();
  },

  async peer({ open }, { trips }) {
    const roundTrips = new RoundTrips(trips);
    const program = open(['cat'], (line) => {
      if (roundTrips.reply(line)) program.write(roundTrips.request());
      else program.end();
    });
    program.write(roundTrips.request());
    await program.done;
    return roundTrips.summary();
  },
};
