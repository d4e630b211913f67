import { missingNats, withNats } from '../harness/natsRig.mjs';

const nodes = Array(3).fill(['cat']);

/** One at a time, then with 64 under way: as idempotent requests, then as those that are executed once. */
const measured = (kind, { requests, trips }) =>
  withNats(kind, nodes, async (load) => {
    const result = {};
    for (const [name, attempts] of [
      ['', 3],
      ['once', 1],
    ]) {
      await load(attempts, trips / 2, 8);
      result[`${name}p50`] = (await load(attempts, trips, 1)).p50;
      result[`${name}ms`] = (await load(attempts, requests, 64)).ms;
    }
    return result;
  });

export default {
  id: 'B15',
  work: '50,000 requests over NATS, 3 nodes of 2 programs',
  size: { full: { requests: 50_000, trips: 2_000 }, quick: { requests: 3_000, trips: 300 } },
  missing: missingNats,
  figures: [
    { key: 'p50', name: 'p50, idempotent', goal: 1.5, gross: 6 },
    { key: 'ms', name: 'time, idempotent', goal: 1.5, gross: 6 },
    { key: 'oncep50', name: 'p50, once', goal: 1.5, gross: 6 },
    { key: 'oncems', name: 'time, once', goal: 1.5, gross: 6 },
  ],

  control: (_, size) => measured('raw', size),
  ours: (_, size) => measured('simpleIpc', size),
};
