// A client: asks for the best move of some positions, and prints which node found it.
import { connect } from '@nats-io/transport-node';
import { lastValueFrom, mergeMap, range, tap } from 'rxjs';
import { ask } from 'simple-ipc';
import { natsPool } from 'simple-ipc/nats';

const { NATS = '127.0.0.1:4222', REQUESTS = '30' } = process.env;
const openings = ['e2e4', 'd2d4', 'c2c4', 'g1f3', 'b1c3'];

const connection = await connect({
  servers: NATS,
  maxReconnectAttempts: -1,
  waitOnFirstConnect: true,
  pingInterval: 2_000,
});
const chess = natsPool<string, string>({ connection, subject: 'chess.best', silenceMs: 2_000 });

await lastValueFrom(
  range(0, Number(REQUESTS)).pipe(
    mergeMap((n) => {
      const opening = openings[n % openings.length];
      const request = `position startpos moves ${opening}\ngo depth 10`;
      // It may be asked again when its node dies: to search twice does no harm.
      const options = { timeoutMs: 60_000, idempotent: true, maxAttempts: 5 };
      return ask(chess, request, options).pipe(
        tap((reply) => console.log(`${n} ${opening} -> ${reply}`)),
      );
    }, 8),
  ),
);
await chess.stop();
await connection.close();
