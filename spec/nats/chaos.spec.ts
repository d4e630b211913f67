import { describeWithNats } from '../support/natsServer.js';
import { cleanUp } from '../support/programs.js';
import { chaos, expectSound, faults, type Plan } from './chaos/chaos.js';

/** chaos.long.spec.ts asks 50,000 for each of the faults. */
const requests = 800;

/** So that some of each happen while so few are asked. */
const often = { killNodeMs: 1_000, killBrokerMs: 2_000 };

describeWithNats('requests over NATS, while things go wrong,', () => {
  afterEach(cleanUp);

  it.each<[string, Partial<Plan>]>([
    ['nodes are killed', { killNodeMs: often.killNodeMs }],
    ['the broker is killed', { killBrokerMs: often.killBrokerMs }],
    ['the network of a client is cut', faults['the network of a client is cut']],
  ])('are executed once or not at all, and answered by their own reply: %s', async (_, fault) => {
    const plan = { requests, idempotent: false, delay: 0.02, ...fault };
    expectSound(await chaos(plan), plan);
  });

  it('are all answered, if idempotent: nodes and the broker are killed', async () => {
    const plan: Plan = { requests, idempotent: true, delay: 0.02, storage: 'file', ...often };
    expectSound(await chaos(plan), plan);
  });
});
