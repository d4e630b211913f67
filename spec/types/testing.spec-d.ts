import { map, mergeMap, NEVER, of, VirtualTimeScheduler, type Observable } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import {
  createPool,
  createWorker,
  fromCommand,
  jsonLines,
  lifeOf,
  type LineInput,
} from 'simple-ipc';
import { advance, fakeProgram, type FakeProgram, type FakeRun } from 'simple-ipc/testing';
import { expectTypeOf } from './expectTypeOf.js';

interface Request {
  readonly id: number;
}
interface Reply {
  readonly result: string;
}
const scheduler = new VirtualTimeScheduler();

const doubler = fakeProgram(map((line) => Number(line) * 2));
expectTypeOf(doubler).is<FakeProgram>();
expectTypeOf(doubler.lastRun).is<FakeRun<string, LineInput>>();
expectTypeOf(doubler.lastRun.received).is<readonly string[]>();
expectTypeOf(doubler.runs).is<readonly FakeRun<string, LineInput>[]>();
expectTypeOf(fakeProgram()).is<FakeProgram>();
expectTypeOf(fakeProgram(() => NEVER, { ignores: ['SIGTERM'], scheduler })).is<FakeProgram>();
fakeProgram(mergeMap((line) => (line === 'uci' ? ['id', 'uciok'] : [])));
fakeProgram((input$, run) => {
  expectTypeOf(input$).is<Observable<string>>();
  expectTypeOf(run).is<FakeRun<string, LineInput>>();
  return ['ready'];
});

// Its codec is the worker's, seen from the other end.
const server = fakeProgram(
  (input$) => {
    expectTypeOf(input$).is<Observable<Request>>();
    return input$.pipe(map(({ id }) => ({ result: String(id) })));
  },
  { codec: jsonLines<Request, Reply>() },
);
expectTypeOf(server).is<FakeProgram<Request, Reply>>();
server.lastRun.print({ result: 'a' });

// Its options go wherever a program is run.
createWorker('x', { ...doubler.options });
createWorker('x', { ...server.options, codec: jsonLines<Reply, Request>() });
createPool('x', { ...doubler.options, size: 2 });
fromCommand('x', doubler.options);
lifeOf('x', doubler.options);

expectTypeOf(advance(scheduler, 1_000)).is<Promise<void>>();
void advance(new TestScheduler(() => undefined), 0);

// @ts-expect-error -- a program prints lines
fakeProgram(() => of({}));
// @ts-expect-error -- and is an operator, not a stream
fakeProgram(of('a'));
// @ts-expect-error -- not what the codec writes
fakeProgram(() => of('a'), { codec: jsonLines<Request, Reply>() });
// @ts-expect-error -- a reply has a result
server.lastRun.print({});
// @ts-expect-error -- no such signal on the ladder
fakeProgram(() => NEVER, { ignores: ['SIGSEGV'] });
// @ts-expect-error -- not a refusal
doubler.refuse('EPERM');
// @ts-expect-error -- no such signal
doubler.lastRun.crash('SIGNOTHING');
// @ts-expect-error -- in milliseconds
void advance(scheduler, '1s');
