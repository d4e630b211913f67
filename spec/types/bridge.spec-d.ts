import { map, take, takeWhile, type BehaviorSubject, type Observable } from 'rxjs';
import { createPool, createWorker, exchange, feed, jsonLines, type PoolStatus } from 'simple-ipc';
import { createHost, expose, shareBy, type Client, type RemoteOf } from 'simple-ipc/host';
import {
  connectPool,
  connectWorker,
  consume,
  type Link,
  type RemoteStatus,
} from 'simple-ipc/remote';
import { expectTypeOf } from './expectTypeOf.js';

declare const link: Link;

const engine = expose(createWorker('bc'), {
  exchanges: {
    sum: { reply: take(1) },
    all: { reply: takeWhile((line: string) => line !== '') },
    number: { reply: (output$) => output$.pipe(take(1), map(Number)) },
  },
});
type Engine = RemoteOf<typeof engine>;
const remote: Engine = connectWorker('engine', { link });
expectTypeOf(remote.ask('sum', '1')).is<Observable<string>>();
expectTypeOf(remote.ask('number', 2)).is<Observable<number>>();
expectTypeOf(remote.status$).is<BehaviorSubject<RemoteStatus>>();
// @ts-expect-error -- there is no such exchange
remote.ask('nope', '1');
// @ts-expect-error -- a line is no object
remote.ask('sum', { no: 1 });
// @ts-expect-error -- a line is no object
remote.send.next({ no: 1 });

interface Message {
  readonly id: number;
}
const server = expose(createWorker('server', { codec: jsonLines<Message, Message>() }), {
  exchanges: { call: { key: ({ id }) => id } },
});
const client: RemoteOf<typeof server> = connectWorker('server', { link });
expectTypeOf(client.ask('call', { id: 1 })).is<Observable<Message>>();
expectTypeOf(client.output$).is<Observable<Message>>();

const pool = expose(createPool('bc', { size: 2 }), { exchanges: { sum: { reply: take(1) } } });
const remotePool: RemoteOf<typeof pool> = connectPool('pool', { link });
expectTypeOf(remotePool.ask('sum', 1)).is<Observable<string>>();
expectTypeOf(remotePool.status$).is<BehaviorSubject<PoolStatus>>();

interface Account extends Client {
  readonly isAdmin: boolean;
}
createHost<Account>({
  workers: {
    engine,
    server,
    pool,
    mine: expose((account: Account) => createWorker(account.isAdmin ? 'sh' : 'bc')),
    ours: expose(
      shareBy(
        (account: Account) => account.id,
        () => createWorker('bc'),
      ),
    ),
  },
  authorize: () => Promise.resolve({ id: '1', isAdmin: false }),
});
createHost({
  workers: { mine: expose((account: Account) => createWorker(account.isAdmin ? 'sh' : 'bc')) },
  // @ts-expect-error -- its factory needs an Account
  authorize: () => ({ id: '1' }),
});

expectTypeOf(consume(remote, (line) => [line.length])).is<Observable<number>>();
// @ts-expect-error -- the requests of a remote worker are asked by its own ask()
exchange(remote, { reply: take(1) });
// @ts-expect-error -- input of a remote worker has no back-pressure
feed(remote, ['a']);
