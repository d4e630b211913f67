import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { Registry } from 'prom-client';
import { catchError, EMPTY, from, lastValueFrom, take, toArray } from 'rxjs';
import { ask, createWorker, exchange, restartOnExit } from 'simple-ipc';
import { instrument } from '../examples/observability/openTelemetry.js';
import { collect } from '../examples/observability/prometheus.js';
import { cleanUp, sh, until, use, watchWarnings } from './support/programs.js';

describe('examples/observability', () => {
  const stops: (() => unknown)[] = [];
  beforeEach(watchWarnings);
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
    await cleanUp();
  });

  /** A worker that is asked three times, dies of the fourth, is restarted, and is disposed. */
  async function work(): Promise<void> {
    const program = sh(
      'while read -r line; do [ "$line" = die ] && exit 3; echo "$line"; done',
      'secret',
    );
    const worker = use(
      createWorker(program, { name: 'echo', supervise: restartOnExit({ delayMs: 1 }) }),
    );
    const reply = take<string>(1);
    await lastValueFrom(from(['1', '2', '3']).pipe(exchange(worker, { reply }), toArray()));
    await lastValueFrom(ask(worker, 'die', { reply }).pipe(catchError(() => EMPTY)), {
      defaultValue: '',
    });
    await until(worker, 'running');
    worker.rejected$.subscribe();
    worker.send.next('two\nlines');
    await worker[Symbol.asyncDispose]();
  }

  it('records spans below those of the caller, and metrics, with OpenTelemetry', async () => {
    const manager = new AsyncLocalStorageContextManager().enable();
    context.setGlobalContextManager(manager);
    const spans = new InMemorySpanExporter();
    const traces = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
    const points = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({
      exporter: points,
      exportIntervalMillis: 3_600_000,
    });
    const meters = new MeterProvider({ readers: [reader] });
    const tracer = traces.getTracer('spec');
    const stop = instrument(tracer, meters.getMeter('spec'));
    stops.push(stop, () => context.disable());

    const root = tracer.startSpan('GET /');
    await context.with(trace.setSpan(context.active(), root), work);
    root.end();
    await meters.forceFlush();
    const finished = spans.getFinishedSpans();
    const metrics = points.getMetrics().at(-1)!.scopeMetrics[0]!.metrics;
    await traces.shutdown();
    await meters.shutdown();

    const asked = finished.filter(({ name }) => name === 'echo exchange');
    expect(asked.map(({ attributes }) => attributes['simple_ipc.outcome'])).toEqual([
      'replied',
      'replied',
      'replied',
      'failed',
    ]);
    expect(asked.map(({ parentSpanContext }) => parentSpanContext?.spanId)).toEqual(
      Array(4).fill(root.spanContext().spanId),
    );
    const runs = finished.filter(({ name }) => name === 'echo');
    expect(runs.map(({ attributes }) => attributes['simple_ipc.exit.reason'])).toEqual([
      'exit-code',
      'stopped',
    ]);
    const count = (name: string) =>
      metrics
        .find(({ descriptor }) => descriptor.name === `simple_ipc.${name}`)
        ?.dataPoints.map(({ value }) => (typeof value === 'object' ? value.count : value));
    expect(count('run.active')).toEqual([0]);
    expect(count('exchange.active')).toEqual([0]);
    expect(count('exchange.duration')).toEqual([3, 1]);
    expect(count('restarts')).toEqual([1]);
    expect(count('rejected')).toEqual([1]);
    const all = JSON.stringify([
      finished.map(({ attributes, status }) => [attributes, status]),
      metrics,
    ]);
    expect(all).not.toContain('secret');
  });

  it('counts with Prometheus, under the names that the Grafana dashboard has', async () => {
    const register = new Registry();
    stops.push(collect(register));
    await work();
    const text = await register.metrics();
    expect(text).toContain('simple_ipc_runs_total{program="echo",reason="exit-code"} 1');
    expect(text).toContain('simple_ipc_runs_total{program="echo",reason="stopped"} 1');
    expect(text).toContain('simple_ipc_restarts_total{program="echo"} 1');
    expect(text).toContain('simple_ipc_exchanges_in_flight{program="echo"} 0');
    expect(text).toContain(
      'simple_ipc_exchange_duration_seconds_count{program="echo",outcome="replied"} 3',
    );
    expect(text).toContain(
      'simple_ipc_rejected_inputs_total{program="echo",reason="LineBreakError"} 1',
    );
    // A disposed worker is in no state.
    expect(text.match(/^simple_ipc_workers\{.*\} [^0]/gm)).toBeNull();
    expect(text).not.toContain('secret');
    const file = join(__dirname, '../examples/observability/grafana.json');
    const used = readFileSync(file, 'utf8').match(/simple_ipc_\w+/g) ?? [];
    expect(used.length).toBeGreaterThan(6);
    for (const name of used) expect(text).toContain(name.replace(/_(count|bucket)$/, ''));
  });
});
