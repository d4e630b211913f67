// A node of B15: two programs behind a bare queue group (`raw`), or behind serveExchange().
import { connect } from '@nats-io/transport-node';
import { index } from '../harness/library.mjs';

const [servers, kind, ...command] = process.argv.slice(2);
const { createPool, exchange } = await import(index);
const { serveExchange } = await import(new URL('nats.js', index));
const { filter, firstValueFrom, of, take } = await import('rxjs');

const connection = await connect({ servers });
const pool = createPool(command, { size: 2 });
await firstValueFrom(pool.status$.pipe(filter(({ idle }) => idle === 2)));
if (kind === 'raw') {
  const answer = exchange(pool, { reply: take(1) });
  connection.subscribe('bench', {
    queue: 'nodes',
    callback: (_, msg) =>
      of(msg.string())
        .pipe(answer)
        .subscribe((line) => msg.respond(line)),
  });
  await connection.flush();
  process.send('ready');
} else {
  const service = serveExchange(pool, { connection, subject: 'bench', reply: take(1) });
  service.status$
    .pipe(
      filter(({ offered }) => offered === 2),
      take(1),
    )
    .subscribe(() => process.send('ready'));
}
