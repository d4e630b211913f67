// A node: a pool of Python programs that serves until SIGTERM. Its argument is JSON.
import { connect } from '@nats-io/transport-node';
import { take } from 'rxjs';
import { createPool } from '../../.built/index.mjs';
import { serveExchange } from '../../.built/nats.mjs';

const {
  servers,
  log,
  delay,
  size,
  silenceMs,
  storage,
  connection: options,
} = JSON.parse(process.argv[2]);
const connection = await connect({ servers, ...options });
const program = ['sh', new URL('square.sh', import.meta.url).pathname, log, String(delay)];
const pool = createPool(program, { size });
const service = serveExchange(pool, {
  connection,
  subject: 'chaos.square',
  silenceMs,
  storage,
  reply: take(1),
  timeoutMs: 30_000,
});
service.status$.subscribe(({ state, offered }) => {
  if (state === 'serving' && offered > 0) process.send?.('serving');
});
process.once('SIGTERM', async () => {
  await service.stop();
  await pool.stop();
  await connection.close();
  process.disconnect?.();
});
