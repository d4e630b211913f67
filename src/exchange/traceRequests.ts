import { defer, finalize, map, mergeMap, Observable, type OperatorFunction } from 'rxjs';
import { traced, type RequestTrace, type RequestTracer } from '../contract/RequestTracer.js';

/** A request that waits, with the trace that began where the source emitted it. */
export class TracedRequest<In> {
  constructor(
    readonly value: In,
    readonly trace: RequestTrace,
  ) {}
}

/** Asks with a trace per subscription, if anything subscribes to requests. */
export function traceRequest<In, Reply>(
  ask: (request: In) => Observable<Reply>,
  tracer: RequestTracer,
): (request: In) => Observable<Reply> {
  return (request) =>
    tracer.isObserved
      ? new Observable((subscriber) =>
          traced(ask(request), tracer.begin(request)).subscribe(subscriber),
        )
      : ask(request);
}

/**
 * `mergeMap`, with a trace per request, if anything subscribes to requests. It begins when the source emits, so that it has
 * the source's asynchronous context; the turn of a request comes in that of another one's reply.
 */
export function mergeTraced<In, Reply>(
  ask: (request: In) => Observable<Reply>,
  concurrency: number,
  tracer: RequestTracer,
): OperatorFunction<In, Reply> {
  return (source$) =>
    defer(() => {
      /** Those that wait or are under way. */
      const traces = new Set<RequestTrace>();
      return source$.pipe(
        map((request) => {
          if (!tracer.isObserved) return request;
          const trace = tracer.begin(request);
          traces.add(trace);
          return new TracedRequest(request, trace);
        }),
        mergeMap((request) => {
          if (!(request instanceof TracedRequest)) return ask(request);
          const { value, trace } = request;
          return traced(ask(value), trace).pipe(finalize(() => traces.delete(trace)));
        }, concurrency),
        finalize(() => {
          for (const trace of traces) trace.end({ outcome: 'left' });
        }),
      );
    });
}
