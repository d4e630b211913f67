import { writeSync } from 'node:fs';
import { closeAll } from '../support/bridge.js';
import { talkThroughCuts } from './proxied.js';

describe('a session through a proxy that cuts, stalls and forgets its connections', () => {
  afterEach(closeAll);

  it('loses and doubles nothing of 60,000 lines, 15,000 sends and 600 requests over 100 cuts', async () => {
    const counts = await talkThroughCuts({ lines: 60_000, sends: 15_000, cuts: 100, asks: 300 });
    writeSync(1, `${JSON.stringify(counts)}\n`);
  });
});
