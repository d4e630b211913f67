// A node: two Stockfish that take requests from the queue, until SIGTERM.
import { hostname } from 'node:os';
import { connect } from '@nats-io/transport-node';
import { filter, map, takeWhile } from 'rxjs';
import { createPool, lines } from 'simple-ipc';
import { serveExchange } from 'simple-ipc/nats';

const { NATS = '127.0.0.1:4222', NAME = hostname() } = process.env;

const connection = await connect({
  servers: NATS,
  maxReconnectAttempts: -1,
  waitOnFirstConnect: true,
  pingInterval: 2_000,
});

const pool = createPool('stockfish', {
  size: 2,
  codec: lines({ lineBreaks: 'allow' }),
  env: { ...process.env, PATH: `${process.env.PATH}:/usr/games` },
  ready: (output$, write) => {
    write('uci');
    return output$.pipe(filter((line) => line === 'uciok'));
  },
});

const service = serveExchange(pool, {
  connection,
  subject: 'chess.best',
  silenceMs: 2_000,
  timeoutMs: 60_000,
  reply: (output$) =>
    output$.pipe(
      takeWhile((line) => !line.startsWith('bestmove'), true),
      filter((line) => line.startsWith('bestmove')),
      map((line) => `${NAME}: ${line.split(' ')[1]}`),
    ),
});

service.status$.subscribe(({ state, offered }) => console.log(state, offered));

process.once('SIGTERM', () => {
  void service
    .stop()
    .then(() => pool.stop())
    .then(() => connection.close());
});
