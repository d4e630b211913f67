import { setTimeout as sleep } from 'node:timers/promises';
import {
  catchError,
  concatMap,
  count,
  defer,
  EMPTY,
  firstValueFrom,
  lastValueFrom,
  mergeMap,
  range,
  take,
  tap,
} from 'rxjs';
import { index } from '../harness/library.mjs';

const { ask, consume, createPool, createWorker, fromCommand, jsonLines, restartOnExit, through } =
  await import(index);

const FLOOD_LINES = 2_000_000;
const SHORT = ['true', 'false', ['sh', '-c', 'kill -9 $$'], '/no/such/program'];
const supervise = () =>
  restartOnExit({ when: 'always', delayMs: 5, maxDelayMs: 50, maxRestarts: Infinity });
const soon = { endInputMs: 200, terminateMs: 200, killMs: 5_000, drainMs: 200 };

/** Sends a signal to the program of a worker, if it runs. */
function signal(worker, name) {
  const status = worker.status$.value;
  if (status.state !== 'running') return false;
  try {
    return process.kill(status.pid, name);
  } catch {
    return false; // It has just died by itself.
  }
}

const pause = (leastMs, mostMs) => sleep(leastMs + Math.random() * (mostMs - leastMs));

/**
 * The parts of the load, side by side until `isOver()`; each returns when everything it started is at rest, and counts
 * what it did and what was wrong.
 */
export const parts = {
  /** A pool of four, one of which is killed every fifth of a second or so. Each request is idempotent: all are answered. */
  async killed(counts, isOver) {
    const pool = createPool('cat', { size: 4, supervise: supervise(), stop: soon });
    const killing = (async () => {
      for (let i = 0; !isOver(); i++) {
        await pause(50, 350);
        if (signal(pool.workers[i % 4], 'SIGKILL')) counts.add('kills');
      }
    })();
    const options = { reply: take(1), idempotent: true, maxAttempts: 1_000 };
    for (let lap = 0; !isOver(); lap++) {
      const request = (i) => `request ${lap}.${i}`;
      const answered = range(0, 1_000).pipe(
        mergeMap(
          (i) =>
            ask(pool, request(i), options).pipe(
              tap((line) => expectSame(counts, request(i), line)),
            ),
          16,
        ),
        count(),
      );
      expectSame(counts, 1_000, await lastValueFrom(answered));
      counts.add('answered', 1_000);
    }
    await killing;
    await pool[Symbol.asyncDispose]();
  },

  /** A program that hangs now and then (SIGSTOP): its requests time out, and its run is replaced. */
  async hung(counts, isOver) {
    const worker = createWorker('cat', { codec: jsonLines(), supervise: supervise(), stop: soon });
    const options = { key: ({ id }) => id, timeoutMs: 300, maxTimeouts: 1 };
    for (let id = 0; !isOver(); id++) {
      if (id % 500 === 499 && signal(worker, 'SIGSTOP')) counts.add('hangs');
      const answer = ask(worker, { id }, options).pipe(
        tap((reply) => {
          expectSame(counts, id, reply.id);
          counts.add('answered');
        }),
        catchError((error) => {
          counts.add(`rejected: ${error.name}`);
          return EMPTY;
        }),
      );
      await firstValueFrom(answer, { defaultValue: undefined });
    }
    await worker[Symbol.asyncDispose]();
  },

  /** Floods of lines: to a reader that is slow, to one that leaves in the middle, through a program, and on stderr. */
  async flooded(counts, isOver) {
    while (!isOver()) {
      const flood = createWorker(`seq ${FLOOD_LINES}`, { start: false, stop: soon });
      const slow = lastValueFrom(
        consume(flood, async () => void (await sleep(1)), { concurrency: 1 }).pipe(take(200)),
      );
      flood.start();
      await slow;
      await flood[Symbol.asyncDispose]();
      await lastValueFrom(fromCommand('yes').pipe(take(100_000)));
      const lines = range(0, 50_000).pipe(
        concatMap((i) => [`${i}`]),
        through('cat'),
        count(),
      );
      expectSame(counts, 50_000, await lastValueFrom(lines));
      const loud = fromCommand(['sh', '-c', 'seq 300000 >&2']);
      await lastValueFrom(loud, { defaultValue: undefined });
      counts.add('floods', 4);
      await pause(200, 1_000);
    }
  },

  /** A worker that is started, stopped, restarted and stopped again, ignores SIGTERM, and leaves a descendant behind. */
  async stopped(counts, isOver) {
    const command = [
      'sh',
      '-c',
      'trap "" TERM; sleep 1000 & while read -r line; do echo "$line"; done; wait',
    ];
    const worker = createWorker(command, { start: false, stop: soon });
    while (!isOver()) {
      worker.start();
      const echo = firstValueFrom(worker.output$);
      worker.send.next('hello');
      expectSame(counts, 'hello', await echo);
      await worker.restart();
      await worker.stop();
      counts.add('stops', 2);
      await pause(0, 200);
    }
    await worker[Symbol.asyncDispose]();
  },

  /** Short programs, one after another: some fail, some cannot be started. */
  async short(counts, isOver) {
    for (let i = 0; !isOver(); i++) {
      const command = SHORT[i % SHORT.length];
      await lastValueFrom(
        defer(() => fromCommand(command)).pipe(
          catchError((error) => {
            counts.add(`failed: ${error.name}`);
            return EMPTY;
          }),
        ),
        { defaultValue: undefined },
      );
      counts.add('short runs');
      await pause(0, 50);
    }
  },
};

function expectSame(counts, expected, actual) {
  if (Object.is(expected, actual)) return;
  counts.add('WRONG');
  console.error(`expected ${expected}, but got ${actual}`);
}
