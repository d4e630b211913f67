import { closeAll } from '../support/bridge.js';
import { talkThroughCuts } from './proxied.js';

describe('a session through a proxy that cuts, stalls and forgets its connections', () => {
  afterEach(closeAll);

  it('loses and doubles nothing: lines, sends, and the requests of two clients', async () => {
    await talkThroughCuts({ lines: 6_000, sends: 1_500, cuts: 20, asks: 30 });
  });
});
