import { filter, repeat, retry, takeUntil, map, type Observable, type Subject } from 'rxjs';
import {
  bytes,
  createWorker,
  jsonLines,
  restartOnExit,
  type LineInput,
  type ReactiveWorker,
  type RejectedInput,
  type StatusSubject,
  type WorkerOptions,
} from 'simple-ipc';
import { expectTypeOf } from './expectTypeOf.js';

interface Request {
  readonly id: number;
  readonly method: string;
}
interface Reply {
  readonly id: number;
  readonly result: string;
}
declare const stop$: Observable<void>;
declare const options: WorkerOptions;

const worker = createWorker('bc');
expectTypeOf(worker).is<ReactiveWorker>();
expectTypeOf(worker.output$).is<Observable<string>>();
expectTypeOf(worker.stderr$).is<Observable<string>>();
expectTypeOf(worker.status$).is<StatusSubject>();
expectTypeOf(worker.send).is<Subject<LineInput>>();
expectTypeOf(worker.rejected$).is<Observable<RejectedInput<LineInput>>>();
expectTypeOf(worker.start).is<() => void>();
expectTypeOf(worker.stop()).is<Promise<void>>();
expectTypeOf(worker.restart()).is<Promise<void>>();
expectTypeOf(worker[Symbol.asyncDispose]()).is<Promise<void>>();
expectTypeOf(worker[Symbol.asyncIterator]()).is<AsyncIterableIterator<string>>();
worker.send.next('6 * 7');
worker.send.next(42);
worker.send.next(42n);
worker.send.next(true);

// Options that were put together elsewhere.
expectTypeOf(createWorker('bc', options)).is<ReactiveWorker>();
expectTypeOf(createWorker('bc', { ...options, start: false })).is<ReactiveWorker>();

// The codec decides the types of output and input.
const server = createWorker(['node', 'server.js'], { codec: jsonLines<Reply, Request>() });
expectTypeOf(server).is<ReactiveWorker<Reply, Request>>();
expectTypeOf(createWorker('x', { codec: bytes() })).is<
  ReactiveWorker<Uint8Array, Uint8Array | string>
>();
expectTypeOf(createWorker('x', { codec: jsonLines() })).is<ReactiveWorker<unknown, unknown>>();
server.send.next({ id: 1, method: 'list' });

// `ready` has the types of the codec, whichever is written first.
createWorker('x', {
  ready(output$, write) {
    expectTypeOf(output$).is<Observable<string>>();
    expectTypeOf(write).is<(value: LineInput) => void>();
    return output$.pipe(filter((line) => line === 'ready'));
  },
});
createWorker('x', {
  ready(output$, write) {
    expectTypeOf(output$).is<Observable<Reply>>();
    expectTypeOf(write).is<(value: Request) => void>();
    return output$.pipe(filter(({ id }) => id === 0));
  },
  codec: jsonLines<Reply, Request>(),
});

// A policy is any operator on statuses.
createWorker('x', { supervise: restartOnExit() });
createWorker('x', { supervise: retry(3) });
createWorker('x', { supervise: repeat({ delay: 1_000 }) });
createWorker('x', { supervise: takeUntil(stop$) });
createWorker('x', { supervise: (life$) => life$.pipe(restartOnExit(), takeUntil(stop$)) });

// @ts-expect-error -- a command is text
createWorker(42);
// @ts-expect-error -- a list of text
createWorker(['bc', 42]);
// @ts-expect-error -- no shell
createWorker('bc', { shell: true });
// @ts-expect-error -- an exact optional property
createWorker('bc', { cwd: undefined });
// @ts-expect-error -- a policy emits statuses
createWorker('bc', { supervise: map(() => 1) });
// @ts-expect-error -- milliseconds are numbers
createWorker('bc', { stop: { terminateMs: '1s' } });
// @ts-expect-error -- a life has no input of its own
createWorker('bc', { input: ['1'] });
// @ts-expect-error -- lines are not numbers: that takes a codec
createWorker<number>('bc');
// @ts-expect-error -- likewise, by what is expected of the result
const numbers: ReactiveWorker<number> = createWorker('bc');
expectTypeOf(numbers).is<ReactiveWorker<number>>();
// @ts-expect-error -- an object is no line
worker.send.next({ id: 1 });
// @ts-expect-error -- neither is nothing
worker.send.next(undefined);
// @ts-expect-error -- a request has a method
server.send.next({ id: 1 });
// @ts-expect-error -- only the worker writes its status
worker.status$.next({ state: 'stopped' });
// @ts-expect-error -- statuses are read-only
worker.status$.value.state = 'running';
// @ts-expect-error -- the streams are the worker's
worker.output$ = stop$;
createWorker('x', {
  codec: jsonLines<Reply, Request>(),
  ready(output$, write) {
    // @ts-expect-error -- a request has a method
    write({ id: 1 });
    return output$;
  },
});
