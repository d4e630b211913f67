import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { kindOf, onEvent, onOperation } from './channels.js';

/** Counts the programs and requests of this process in a registry. @returns a function that ends it. */
export function collect(register: Registry): () => void {
  const registers = [register];
  const of = <Label extends string>(name: string, help: string, ...labels: Label[]) => ({
    name: `simple_ipc_${name}`,
    help,
    labelNames: ['program', ...labels] as const,
    registers,
  });
  const workers = new Gauge(of('workers', 'Workers by state.', 'state'));
  const runs = new Counter(of('runs_total', 'Runs that ended, by reason.', 'reason'));
  const runTime = new Histogram({
    ...of('run_duration_seconds', 'From spawn to exit.'),
    buckets: [0.1, 1, 10, 60, 600, 3_600, 86_400, 604_800],
  });
  const restarts = new Counter(of('restarts_total', 'Restarts by the policy.'));
  const askTime = new Histogram({
    ...of('exchange_duration_seconds', 'From the request to the end of its reply.', 'outcome'),
    buckets: [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60],
  });
  const asking = new Gauge(of('exchanges_in_flight', 'Requests whose reply is not complete.'));
  const rejected = new Counter(of('rejected_inputs_total', 'Values that were not sent.', 'reason'));
  const states = new WeakMap<object, string>();
  const stops = [
    onEvent('status', ({ name: program, worker, status: { state }, isDisposed }) => {
      const before = states.get(worker);
      if (before) workers.dec({ program, state: before });
      states.delete(worker);
      if (isDisposed) return;
      workers.inc({ program, state });
      states.set(worker, state);
      if (state === 'backoff') restarts.inc({ program });
    }),
    onOperation('run', () => ({ name: program, result }, seconds) => {
      runs.inc({ program, reason: result?.reason ?? 'unknown' });
      runTime.observe({ program }, seconds);
    }),
    onOperation('exchange', ({ name: program }) => {
      asking.inc({ program });
      return ({ outcome = 'left' }, seconds) => {
        asking.dec({ program });
        askTime.observe({ program, outcome }, seconds);
      };
    }),
    onEvent('rejected', ({ name: program, error }) =>
      rejected.inc({ program, reason: kindOf(error) }),
    ),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
