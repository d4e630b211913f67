import { SpanKind, SpanStatusCode, type Meter, type Span, type Tracer } from '@opentelemetry/api';
import { kindOf, onEvent, onOperation } from './channels.js';

const RUN_SECONDS = [0.1, 1, 10, 60, 600, 3_600, 86_400, 604_800];
const EXCHANGE_SECONDS = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60];

/**
 * Records the programs and requests of this process as spans and metrics. A run's span ends with the program: for
 * programs that run for weeks, the metrics are the point.
 *
 * @returns a function that ends it.
 */
export function instrument(tracer: Tracer, meter: Meter): () => void {
  const buckets = (explicitBucketBoundaries: number[]) => ({
    unit: 's',
    advice: { explicitBucketBoundaries },
  });
  const runTime = meter.createHistogram('simple_ipc.run.duration', buckets(RUN_SECONDS));
  const askTime = meter.createHistogram('simple_ipc.exchange.duration', buckets(EXCHANGE_SECONDS));
  const running = meter.createUpDownCounter('simple_ipc.run.active', { unit: '{process}' });
  const asking = meter.createUpDownCounter('simple_ipc.exchange.active', { unit: '{request}' });
  const restarts = meter.createCounter('simple_ipc.restarts', { unit: '{restart}' });
  const failures = meter.createCounter('simple_ipc.failures', { unit: '{failure}' });
  const rejected = meter.createCounter('simple_ipc.rejected', { unit: '{value}' });
  const labels = ({ name }: { readonly name: string }) => ({ 'simple_ipc.name': name });
  const stops = [
    onOperation('run', (message) => {
      const attributes = labels(message);
      running.add(1, attributes);
      const span = tracer.startSpan(message.name, { kind: SpanKind.CLIENT, attributes });
      span.setAttribute('simple_ipc.generation', message.generation);
      if (message.pid !== undefined) span.setAttribute('process.pid', message.pid);
      return ({ result, error }, seconds) => {
        const reason = result?.reason ?? 'unknown';
        running.add(-1, attributes);
        runTime.record(seconds, { ...attributes, 'simple_ipc.exit.reason': reason });
        span.setAttribute('simple_ipc.exit.reason', reason);
        if (typeof result?.code === 'number') span.setAttribute('process.exit.code', result.code);
        end(span, error);
      };
    }),
    onOperation('exchange', (message) => {
      const attributes = labels(message);
      asking.add(1, attributes);
      const name = `${message.name} exchange`;
      const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes });
      return ({ outcome = 'left', error }, seconds) => {
        asking.add(-1, attributes);
        askTime.record(seconds, { ...attributes, 'simple_ipc.outcome': outcome });
        span.setAttribute('simple_ipc.outcome', outcome);
        end(span, error);
      };
    }),
    onEvent('status', (message) => {
      const { status } = message;
      if (message.isDisposed) return;
      if (status.state === 'backoff') restarts.add(1, labels(message));
      if (status.state !== 'failed') return;
      failures.add(1, { ...labels(message), 'error.type': kindOf(status.error) });
    }),
    onEvent('rejected', (message) =>
      rejected.add(1, { ...labels(message), 'error.type': kindOf(message.error) }),
    ),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

/** The message of an error quotes the command and stderr, which may be secret: a span has its kind alone. */
function end(span: Span, error: unknown): void {
  if (error !== undefined) {
    span.setAttribute('error.type', kindOf(error));
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}
