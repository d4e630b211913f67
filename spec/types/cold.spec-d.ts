import { from, of, switchMap, type Observable, type OperatorFunction } from 'rxjs';
import {
  bytes,
  fromCommand,
  jsonLines,
  lifeOf,
  restartOnExit,
  through,
  type FromCommandOptions,
  type LineInput,
  type WorkerStatus,
} from 'simple-ipc';
import { expectTypeOf } from './expectTypeOf.js';

interface Request {
  readonly method: string;
}
interface Reply {
  readonly result: string;
}
declare const query$: Observable<string>;
declare const requests$: Observable<Request>;
declare const options: FromCommandOptions;
declare const signal: AbortSignal;

// fromCommand
expectTypeOf(fromCommand('ls')).is<Observable<string>>();
expectTypeOf(fromCommand('ls', options)).is<Observable<string>>();
expectTypeOf(fromCommand('sort', { input: ['b', 1, true, 2n], signal })).is<Observable<string>>();
expectTypeOf(fromCommand('sort', { input: of('a') })).is<Observable<string>>();
expectTypeOf(fromCommand('sort', { input: Promise.resolve('a') })).is<Observable<string>>();
expectTypeOf(fromCommand('x', { codec: bytes() })).is<Observable<Uint8Array>>();
expectTypeOf(fromCommand('x', { codec: jsonLines<Reply, Request>(), input: requests$ })).is<
  Observable<Reply>
>();
expectTypeOf(query$.pipe(switchMap((query) => fromCommand(['rg', query])))).is<
  Observable<string>
>();

// @ts-expect-error -- input is read, a value at a time
fromCommand('sort', { input: 42 });
// @ts-expect-error -- an object is no line
fromCommand('sort', { input: [{ method: 'a' }] });
// @ts-expect-error -- not what the codec takes
fromCommand('x', { codec: jsonLines<Reply, Request>(), input: [{}] });
// @ts-expect-error -- the output is what is returned
fromCommand('x', { output: { next: console.log } });
// @ts-expect-error -- a policy is for a worker
fromCommand('x', { supervise: restartOnExit() });
// @ts-expect-error -- lines are not numbers
const numbers$: Observable<number> = fromCommand('seq 3');
expectTypeOf(numbers$).is<Observable<number>>();

// through
expectTypeOf(through('sort')).is<OperatorFunction<LineInput, string>>();
expectTypeOf(query$.pipe(through('sort -u'))).is<Observable<string>>();
expectTypeOf(from([1, 2]).pipe(through('sort -n'))).is<Observable<string>>();
expectTypeOf(requests$.pipe(through('x', { codec: jsonLines<Reply, Request>() }))).is<
  Observable<Reply>
>();

// @ts-expect-error -- an object is no line
requests$.pipe(through('sort'));
// @ts-expect-error -- not what the codec takes
query$.pipe(through('x', { codec: jsonLines<Reply, Request>() }));
// @ts-expect-error -- the source is the input
through('sort', { input: ['a'] });

// lifeOf
expectTypeOf(lifeOf('ls')).is<Observable<WorkerStatus>>();
expectTypeOf(lifeOf('ls').pipe(restartOnExit())).is<Observable<WorkerStatus>>();
lifeOf('ls', {
  output: { next: (line) => expectTypeOf(line).is<string>() },
  stderrLines: { next: (line) => expectTypeOf(line).is<string>() },
});
lifeOf('x', {
  codec: jsonLines<Reply, Request>(),
  output: { next: (reply) => expectTypeOf(reply).is<Reply>() },
  input: requests$,
});

// @ts-expect-error -- an observer, not a function
lifeOf('ls', { output: console.log });
// @ts-expect-error -- lines are text
lifeOf('ls', { output: { next: (value: number) => value } });
// @ts-expect-error -- not what the codec takes
lifeOf('x', { codec: jsonLines<Reply, Request>(), input: query$ });
