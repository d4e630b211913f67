import { describeWithNats } from '../support/natsServer.js';
import { cleanUp } from '../support/programs.js';
import { chaos, expectSound, type Plan } from './chaos/chaos.js';

/** chaos.long.spec.ts asks more, while other things go wrong as well. */
const requests = 400;

/** So that some of each happen while so few are asked. */
const often = { killNodeMs: 1_000, killBrokerMs: 2_000 };

describeWithNats('requests over NATS, while things go wrong,', () => {
  afterEach(cleanUp);

  it('are executed once or not at all, and answered by their own reply: nodes are killed', async () => {
    const plan: Plan = { requests, idempotent: false, delay: 0.02, killNodeMs: often.killNodeMs };
    expectSound(await chaos(plan), plan);
  });

  it('are all answered, if idempotent: nodes and the broker are killed', async () => {
    const plan: Plan = { requests, idempotent: true, delay: 0.02, storage: 'file', ...often };
    expectSound(await chaos(plan), plan);
  });
});
