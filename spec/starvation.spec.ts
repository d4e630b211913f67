import { setImmediate as turn } from 'node:timers/promises';
import { defer, EMPTY, NEVER, of, repeat, retry, take, type Observable } from 'rxjs';
import {
  ask,
  consume,
  createPool,
  createWorker,
  exchange,
  feed,
  fromCommand,
  lifeOf,
  through,
} from 'simple-ipc';
import {
  cleanUp,
  eventually,
  first,
  record,
  sh,
  takeWarnings,
  until,
  use,
  watchWarnings,
} from './support/programs.js';

const reply = take<string>(1);
const key = (line: string) => line;

/** So many subscriptions in one turn of the event loop are one that never ends. */
const TOO_MANY = 1_000;

/** Subscribes again at each end without a delay, and checks that other work of the host gets its turns. */
async function expectTurns(create: () => Observable<unknown>): Promise<void> {
  let inThisTurn = 0;
  let most = 0;
  let subscriptions = 0;
  const source$ = defer(() => {
    subscriptions++;
    most = Math.max(most, ++inThisTurn);
    return inThisTurn > TOO_MANY ? NEVER : create();
  });
  const subscription = source$.pipe(retry(), repeat()).subscribe();
  while (subscriptions < 5) {
    inThisTurn = 0;
    await turn();
  }
  subscription.unsubscribe();
  expect(most).toBeLessThan(TOO_MANY);
}

describe('retry() and repeat() without a delay never starve the host', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  const atRest = async () => {
    const worker = use(createWorker<string, string>('true'));
    await until(worker, 'exited');
    return worker;
  };
  const running = () => Promise.resolve(use(createWorker<string, string>('cat')));
  const deaf = async () => {
    const worker = use(createWorker<string, string>(sh('exec <&-; echo closed; exec sleep 100')));
    const { rejected } = record(worker);
    await first(worker.output$);
    worker.send.next('x');
    await eventually(() => rejected.length > 0);
    return worker;
  };
  const disposed = async () => {
    const worker = await atRest();
    await worker[Symbol.asyncDispose]();
    return worker;
  };
  const lost = async () => {
    const pool = use(createPool<string, string>('no-such-program', { size: 1 }));
    await first(pool.status$, ({ resting }) => resting === 1);
    return pool;
  };
  const nothing = () => Promise.resolve(undefined);
  const aborted = AbortSignal.abort();

  it.each<[string, () => Promise<any>, (target: any) => Observable<unknown>]>([
    ['ask, at rest', atRest, (worker) => ask(worker, 'q', { reply })],
    ['ask by key, at rest', atRest, (worker) => ask(worker, 'q', { key })],
    ['ask, disposed', disposed, (worker) => ask(worker, 'q', { reply })],
    ['exchange, at rest', atRest, (worker) => of('q').pipe(exchange(worker, { reply }))],
    ['exchange by key, at rest', atRest, (worker) => of('q').pipe(exchange(worker, { key }))],
    ['ask, of a program that closed its stdin', deaf, (worker) => ask(worker, 'q', { reply })],
    ['ask by key, likewise', deaf, (worker) => ask(worker, 'q', { key })],
    ['ask, of a pool at rest', lost, (pool) => ask(pool, 'q', { reply })],
    ['ask, what cannot be sent', running, (worker) => ask(worker, 'a\nb', { reply })],
    [
      'ask, a request without a key',
      running,
      (worker) => ask(worker, 'q', { key: () => undefined }),
    ],
    [
      'ask, with `reply` that throws',
      running,
      (worker) =>
        ask(worker, 'q', {
          reply: () => {
            throw new Error('wrong');
          },
        }),
    ],
    ['ask, an aborted signal', running, (worker) => ask(worker, 'q', { reply, signal: aborted })],
    ['ask, without a reply', running, (worker) => ask(worker, 'q', { reply: () => EMPTY })],
    ['feed, at rest', atRest, (worker) => feed(worker, ['a'])],
    ['feed, nothing', running, (worker) => feed(worker, [])],
    ['feed, nothing, at rest', atRest, (worker) => feed(worker, [])],
    ['feed, what cannot be sent', running, (worker) => feed(worker, ['a\nb'])],
    ['consume, disposed', disposed, (worker) => consume(worker, (line) => of(line))],
    ['fromCommand, missing', nothing, () => fromCommand('no-such-program')],
    ['fromCommand, an aborted signal', nothing, () => fromCommand('true', { signal: aborted })],
    ['through, missing', nothing, () => of('a').pipe(through('no-such-program'))],
    ['lifeOf, missing', nothing, () => lifeOf('no-such-program')],
  ])('%s', async (_, create, subscribeTo) => {
    const target: unknown = await create();
    await expectTurns(() => subscribeTo(target));
    takeWarnings();
  });
});
