// A client: asks, and counts what comes of it. Its argument is JSON.
import { connect } from '@nats-io/transport-node';
import { catchError, EMPTY, lastValueFrom, mergeMap, range, tap } from 'rxjs';
import { RequestLostError } from '../../.built/index.mjs';
import { natsPool } from '../../.built/nats.mjs';

const {
  servers,
  name,
  requests,
  concurrency,
  idempotent,
  silenceMs,
  storage,
  connection: options,
} = JSON.parse(process.argv[2]);
const connection = await connect({ servers, ...options });
const pool = natsPool({ connection, subject: 'chaos.square', silenceMs, storage });
const limits = { timeoutMs: 30_000, attempts: idempotent ? 20 : 1 };
const counts = { once: 0, lost: 0, twice: 0, wrong: 0, none: 0, otherwise: 0, errors: {} };
const times = [];

const ask = (i) => {
  const request = `${name}-${i}`;
  const begun = performance.now();
  let replies = 0;
  let isLost = false;
  return pool.ask(request, limits).pipe(
    tap({
      next: (reply) => {
        replies++;
        if (reply !== `${request} ${i * i + 1}`) counts.wrong++;
      },
      finalize: () => {
        times.push(performance.now() - begun);
        if (replies === 1 && !isLost) counts.once++;
        else if (replies > 1) counts.twice++;
        else if (!isLost) counts.none++;
      },
    }),
    catchError((error) => {
      isLost = true;
      const text = `${error.name}: ${error.message}`;
      counts.errors[text] = (counts.errors[text] ?? 0) + 1;
      if (error instanceof RequestLostError) counts.lost++;
      else counts.otherwise++;
      return EMPTY;
    }),
  );
};

const start = performance.now();
await lastValueFrom(range(0, requests).pipe(mergeMap(ask, concurrency)), {
  defaultValue: undefined,
});
times.sort((a, b) => a - b);
const at = (quantile) => Math.round(times[Math.floor((times.length - 1) * quantile)]);
const ms = { p50: at(0.5), p90: at(0.9), longest: at(1) };
process.send({ ...counts, ms, seconds: (performance.now() - start) / 1000 });
await pool.stop();
await connection.close();
process.disconnect();
