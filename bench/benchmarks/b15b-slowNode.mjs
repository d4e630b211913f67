import { fileURLToPath } from 'node:url';
import { missingNats, withNats } from '../harness/natsRig.mjs';

const slowEcho = fileURLToPath(new URL('../programs/slowEcho.sh', import.meta.url));
const nodes = ['0.005', '0.005', '0.1'].map((seconds) => ['sh', slowEcho, seconds]);

const measured = (kind, { requests }) => withNats(kind, nodes, (load) => load(3, requests, 32));

export default {
  id: 'B15b',
  work: '3,000 requests over NATS, one node of three 20 times slower, against a queue group',
  size: { full: { requests: 3_000 }, quick: { requests: 300 } },
  missing: missingNats,
  figures: [
    { key: 'ms', name: 'time', goal: 0.25, gross: 1 },
    { key: 'p90', name: 'p90', goal: 0.25, gross: 1 },
  ],

  control: (_, size) => measured('raw', size),
  ours: (_, size) => measured('simpleIpc', size),
};
