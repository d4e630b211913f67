import { describeWithNats } from '../support/natsServer.js';
import { cleanUp } from '../support/programs.js';
import { chaos, expectSound, faults, type Plan } from './chaos/chaos.js';

/** For each of the faults. CHAOS_REQUESTS=50000 takes half an hour. */
const requests = Number(process.env.CHAOS_REQUESTS ?? 2_000);

describeWithNats(`${requests} requests over NATS`, () => {
  const rows: Record<string, object> = {};
  afterEach(cleanUp);
  afterAll(() => console.table(rows));

  describe.each(Object.entries<Partial<Plan>>(faults))('while %s', (name, fault) => {
    it.each([false, true])('(idempotent: %s)', async (idempotent) => {
      const plan: Plan = { requests, idempotent, ...fault };
      const { errors, none, otherwise, unexecuted, ...counts } = await chaos(plan);
      rows[`${name}, ${idempotent ? 'idempotent' : 'once'}`] = counts;
      expectSound({ ...counts, none, otherwise, unexecuted }, plan);
      expect(Object.keys(errors).filter((text) => !text.startsWith('RequestLostError'))).toEqual(
        [],
      );
    });
  });
});
