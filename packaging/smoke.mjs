// node smoke.mjs: uses the installed package on whatever runs this file, and prints a line of JSON a check.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  filter,
  firstValueFrom,
  from,
  lastValueFrom,
  map,
  of,
  take,
  toArray,
  VirtualTimeScheduler,
} from 'rxjs';
import * as ipc from 'simple-ipc';
import { Worker } from 'simple-ipc/imperative';
import { advance, fakeProgram } from 'simple-ipc/testing';

const LIMIT_MS = 30_000;

const sh = (script) => ['sh', '-c', script];
const CALCULATOR = sh('while read -r line; do echo $(($line)); done');
/** Ignores end-of-file and SIGTERM, as does its child; tells both ids. */
const STUBBORN = sh("trap '' TERM; sleep 1000 & echo $$ $!; while :; do wait; done");

const collect = (source$) => lastValueFrom(source$.pipe(toArray()));
const reaches = (worker, state) =>
  firstValueFrom(worker.status$.pipe(filter((status) => status.state === state)));
const firstLine = (worker) => firstValueFrom(worker.output$);

const checks = {
  async 'lines and characters, cut anywhere'() {
    const pieces = String.raw`printf 'a\r\n\nz\303'; sleep 0.1; printf '\244\nend'`;
    assert.deepEqual(await collect(ipc.fromCommand(sh(pieces))), ['a', '', 'zä', 'end']);
    const many = await collect(ipc.fromCommand('seq 200000').pipe(map(Number)));
    assert.equal(many.length, 200_000);
    assert.ok(many.every((n, index) => n === index + 1));
  },

  async 'a worker: output, input, end-of-file'() {
    const worker = ipc.createWorker('cat');
    const lines = collect(worker.output$.pipe(take(3)));
    for (const line of ['one', 2, 'ä']) worker.send.next(line);
    assert.deepEqual(await lines, ['one', '2', 'ä']);
    worker.send.complete();
    const { exit } = await reaches(worker, 'exited');
    assert.deepEqual([exit.code, exit.signal, exit.reason], [0, null, 'success']);
    await worker[Symbol.asyncDispose]();
  },

  async 'a large input, and none of it lost'() {
    const worker = ipc.createWorker('wc -c', { start: false });
    const count = firstLine(worker);
    worker.start();
    for (let sent = 0; sent < 10_000; sent++) worker.send.next('x'.repeat(999));
    worker.send.complete();
    assert.equal(Number(await count), 10_000_000);
    await reaches(worker, 'exited');
  },

  async 'statuses of a life'() {
    const states = collect(ipc.lifeOf('true').pipe(map(({ state }) => state)));
    assert.deepEqual(await states, ['starting', 'running', 'exited']);
    const worker = ipc.createWorker('cat');
    const seen = [];
    worker.status$.subscribe(({ state, stage }) => seen.push(stage ?? state));
    await reaches(worker, 'running');
    await worker.stop();
    assert.deepEqual(seen, ['starting', 'running', 'eof', 'stopped']);
  },

  async 'exit codes, signals and stderr in errors'() {
    const error = await rejection(collect(ipc.fromCommand(sh('echo why >&2; exit 3'))));
    assert.ok(error instanceof ipc.ExitError);
    assert.deepEqual([error.exit.code, error.exit.stderrTail], [3, 'why\n']);
    const killed = await rejection(collect(ipc.fromCommand(sh('kill -9 $$'))));
    assert.deepEqual([killed.exit.code, killed.exit.signal], [null, 'SIGKILL']);
  },

  async 'a program that is not there'() {
    const error = await rejection(collect(ipc.fromCommand('there-is-no-such-program')));
    assert.ok(error instanceof ipc.SpawnError);
    assert.equal(error.code, 'ENOENT');
    const worker = ipc.createWorker('there-is-no-such-program');
    const failed = await reaches(worker, 'failed');
    assert.deepEqual([failed.error.code, failed.exits[0].code], ['ENOENT', null]);
  },

  async 'restarts, and their limit'() {
    const supervise = ipc.restartOnExit({ maxRestarts: 2, delayMs: 1, jitter: false });
    const worker = ipc.createWorker(sh('echo up; exit 1'), { supervise });
    const lines = collect(worker.output$.pipe(take(3)));
    const { error, exits } = await reaches(worker, 'failed');
    assert.ok(error instanceof ipc.RestartLimitError);
    assert.deepEqual([exits.length, await lines], [3, ['up', 'up', 'up']]);
  },

  async 'ready: greeted before its input'() {
    const worker = ipc.createWorker('cat', {
      ready(output$, write) {
        write('hello');
        return output$.pipe(filter((line) => line === 'hello'));
      },
    });
    worker.send.next('input');
    const lines = collect(worker.output$.pipe(take(2)));
    assert.deepEqual(await lines, ['hello', 'input']);
    await worker.restart();
    assert.equal(worker.status$.value.generation, 2);
    await worker.stop();
  },

  async 'the stop ladder, on a whole group'() {
    const worker = ipc.createWorker(STUBBORN, { stop: { endInputMs: 50, terminateMs: 50 } });
    const pids = (await firstLine(worker)).split(' ').map(Number);
    const stages = [];
    worker.status$.subscribe(({ stage }) => stage && stages.push(stage));
    assert.deepEqual(pids.map(isAlive), [true, true]);
    await worker.stop();
    assert.deepEqual(stages, ['eof', 'term', 'kill']);
    assert.equal(worker.status$.value.exit.signal, 'SIGKILL');
    await eventually(() => !pids.some(isAlive));
  },

  async 'unsubscribing ends the program'() {
    let pid;
    const life = ipc.lifeOf('sleep 1000').subscribe((status) => (pid = status.pid ?? pid));
    await eventually(() => pid !== undefined);
    life.unsubscribe();
    await eventually(() => !isAlive(pid));
  },

  async 'a program that closed its stdin'() {
    const worker = ipc.createWorker(sh('exec <&-; echo closed; sleep 1000'));
    await firstLine(worker);
    let reason;
    worker.rejected$.subscribe(({ error }) => (reason = error));
    worker.send.next('lost');
    try {
      await eventually(() => reason !== undefined);
      assert.ok(reason instanceof ipc.InputClosedError);
    } finally {
      await worker.stop();
    }
  },

  async 'feed, no faster than it is read'() {
    const worker = ipc.createWorker(sh('sleep 0.3; wc -l'), { maxPendingBytes: 1_000_000 });
    let pulled = 0;
    function* values() {
      for (; pulled < 50_000; pulled++) yield 'x'.repeat(100);
    }
    const count = firstLine(worker);
    const progress = lastValueFrom(ipc.feed(worker, values()));
    await later(100);
    assert.ok(pulled < 20_000, `${pulled} were pulled before any was read`);
    assert.deepEqual(await progress, { lines: 50_000, bytes: 50_000 * 101 });
    worker.send.complete();
    assert.equal(Number(await count), 50_000);
  },

  async 'consume, which pauses the program'() {
    const worker = ipc.createWorker('seq 300000', { start: false });
    let received = 0;
    worker.output$.subscribe(() => received++);
    let receivedMeanwhile;
    const project = async (line) => {
      if (line === '1') {
        await later(300);
        receivedMeanwhile = received;
      }
      return line;
    };
    const paced$ = ipc.consume(worker, project).pipe(filter((line) => line === '300000'));
    const last = firstValueFrom(paced$);
    worker.start();
    await last;
    assert.ok(receivedMeanwhile < 100_000, `${receivedMeanwhile} lines came during the first`);
  },

  async 'for await'() {
    const worker = ipc.createWorker('seq 50000', { start: false });
    const lines = (async () => {
      let count = 0;
      for await (const line of worker) assert.equal(Number(line), ++count);
      return count;
    })();
    worker.start();
    assert.equal(await lines, 50_000);
    const endless = ipc.createWorker('yes');
    for await (const line of endless) {
      assert.equal(line, 'y');
      break;
    }
    await endless[Symbol.asyncDispose]();
  },

  async through() {
    assert.deepEqual(await collect(of('b', 'a', 'c').pipe(ipc.through('sort'))), ['a', 'b', 'c']);
    assert.deepEqual(await collect(from(['b', 'a']).pipe(ipc.through('head -n 1'))), ['b']);
  },

  async codecs() {
    const said = (values, codec) => collect(from(values).pipe(ipc.through('cat', { codec })));
    const messages = [{ id: 1, text: 'ä\n' }, [null]];
    assert.deepEqual(await said(messages, ipc.jsonLines()), messages);
    assert.deepEqual(await said(messages, ipc.contentLength()), messages);
    assert.deepEqual(await said(['a\n', 'b'], ipc.delimited('\0')), ['a\n', 'b']);
    const chunks = await said([Uint8Array.of(0, 255)], ipc.bytes());
    assert.deepEqual(
      chunks.flatMap((chunk) => [...chunk]),
      [0, 255],
    );
    const error = await rejection(collect(ipc.fromCommand('echo {', { codec: ipc.jsonLines() })));
    assert.ok(error instanceof ipc.FramingError);
  },

  async 'exchange, in turn and by key'() {
    const worker = ipc.createWorker(CALCULATOR);
    const ask = ipc.exchange(worker, { reply: take(1), timeoutMs: 10_000 });
    assert.deepEqual(await collect(of('6 * 7', '1 + 1').pipe(ask)), ['42', '2']);
    await worker.stop();
    const server = ipc.createWorker('cat', { codec: ipc.jsonLines() });
    const requests = Array.from({ length: 1_000 }, (_, id) => ({ id }));
    const byKey = ipc.exchange(server, { key: ({ id }) => id });
    assert.deepEqual(await collect(from(requests).pipe(byKey)), requests);
    await server.stop();
    const mute = ipc.createWorker(sh('while read -r line; do :; done'));
    const late = ipc.exchange(mute, { reply: take(1), timeoutMs: 50 });
    assert.ok((await rejection(collect(of('?').pipe(late)))) instanceof ipc.ReplyTimeoutError);
    await mute.stop();
  },

  async 'a pool whose programs die'() {
    const echo = 'while read -r word; do [ "$word" = die ] && exit 1; echo "$word"; done';
    const pool = ipc.createPool(sh(echo), {
      size: 2,
      supervise: ipc.restartOnExit({ when: 'always', shared: true, delayMs: 1, maxRestarts: 100 }),
    });
    const requests = ['a', 'b', 'c', 'd'];
    const ask = ipc.exchange(pool, { reply: take(1) });
    assert.deepEqual((await collect(from(requests).pipe(ask))).sort(), requests);
    assert.ok((await rejection(collect(of('die').pipe(ask)))) instanceof ipc.ExitError);
    assert.deepEqual(await collect(of('again').pipe(ask)), ['again']);
    await pool[Symbol.asyncDispose]();
  },

  async 'the imperative interface'() {
    const heard = [];
    const worker = new Worker(CALCULATOR, (line) => heard.push(line), { verbose: false });
    worker.send('6 * 7');
    await eventually(() => worker.data !== null);
    assert.deepEqual([worker.running, worker.data, heard], [true, '42', ['42']]);
    await worker.shutdown();
    assert.deepEqual([worker.running, worker.data], [false, null]);
  },

  async 'the test kit'() {
    const scheduler = new VirtualTimeScheduler();
    const echo = fakeProgram(
      map((line) => `echo ${line}`),
      { scheduler },
    );
    const supervise = ipc.restartOnExit();
    const worker = ipc.createWorker('none', { supervise, ...echo.options });
    const lines = [];
    worker.output$.subscribe((line) => lines.push(line));
    await advance(scheduler, 0);
    worker.send.next(1);
    await advance(scheduler, 0);
    echo.lastRun.crash();
    await advance(scheduler, 1_000);
    assert.deepEqual([lines, echo.runs.length], [['echo 1'], 2]);
  },

  async 'no orphan of a host that gets SIGKILL'() {
    const run = process.versions.deno ? ['run', '--allow-all'] : [];
    const host = spawn(process.execPath, [...run, fileURLToPath(import.meta.url), 'host'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const line = await new Promise((resolve) => {
      createInterface({ input: host.stdout }).once('line', resolve);
    });
    const pids = line.split(' ').map(Number);
    assert.deepEqual(pids.map(isAlive), [true, true]);
    host.kill('SIGKILL');
    await eventually(() => !pids.some(isAlive));
  },
};

/** What another process is for, which is then killed. */
function host() {
  const worker = ipc.createWorker(STUBBORN);
  worker.output$.subscribe((pids) => console.log(pids));
}

if (process.argv[2] === 'host') host();
else await runChecks();

async function runChecks() {
  // When no check has left anything that holds the event loop.
  process.once('beforeExit', () => tell('ends by itself', null));
  for (const [name, check] of Object.entries(checks)) {
    let timer;
    const limit = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`took longer than ${LIMIT_MS} ms`)), LIMIT_MS);
    });
    const failure = await Promise.race([check(), limit]).then(
      () => null,
      (error) => String(error?.stack ?? error),
    );
    clearTimeout(timer);
    tell(name, failure);
  }
}

function tell(name, failure) {
  console.log(JSON.stringify({ name, failure }));
  if (failure) process.exitCode = 1;
}

/** How a promise fails. */
async function rejection(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('did not fail');
}

function later(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function eventually(isTrue) {
  for (const end = performance.now() + LIMIT_MS / 3; !isTrue(); await later(10)) {
    assert.ok(performance.now() < end, `${isTrue} did not come true`);
  }
}

/** Whether a process runs; a zombie does not. */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return process.platform !== 'linux';
  }
}
