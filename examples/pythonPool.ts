// Spreads work over a pool of Python programs, one of which is given something that it cannot digest.
import { catchError, from, lastValueFrom, map, mergeMap, of, take, tap } from 'rxjs';
import { createPool, exchange, ExitError, jsonLines, restartOnExit } from 'simple-ipc';

// A JSON value a line, in and out. A worker keeps what it has loaded: start once, answer for weeks.
const script = `
import json, sys

def primes_below(limit):
    sieve = bytearray([1]) * limit
    sieve[:2] = b"\\0" * min(limit, 2)
    for n in range(2, int(limit ** 0.5) + 1):
        if sieve[n]:
            sieve[n * n :: n] = bytes(len(range(n * n, limit, n)))
    return sum(sieve)

for line in sys.stdin:
    print(json.dumps(primes_below(int(json.loads(line)))), flush=True)
`;

const pool = createPool(['python3', '-c', script], {
  size: 2,
  codec: jsonLines<number>(),
  supervise: restartOnExit({ when: 'always', shared: true, delayMs: 10 }),
});

const requests = [10, 1_000, 'many', 100_000, 1_000_000];

// Each request has a stream of its own, so that an error ends that one alone.
const replies$ = from(requests).pipe(
  mergeMap((limit) =>
    of(limit).pipe(
      exchange(pool, { reply: take(1), timeoutMs: 30_000 }),
      map((count) => `${count} primes below ${limit}`),
      catchError((error: unknown) => of(`${limit}: ${reasonOf(error)}`)),
    ),
  ),
  tap((line) => console.log(line)),
);

/** The reason of a failure is on stderr: in Python, the last line of the traceback. */
function reasonOf(error: unknown): string {
  if (!(error instanceof ExitError)) return String(error);
  return error.exit.stderrTail.trimEnd().split('\n').at(-1) ?? '';
}

await lastValueFrom(replies$);
await pool.stop();
