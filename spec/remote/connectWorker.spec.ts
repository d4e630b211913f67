import { lastValueFrom, take, throwError, toArray, type Observable } from 'rxjs';
import { bytes, createWorker, jsonLines, restartOnExit } from 'simple-ipc';
import { expose, shareBy } from 'simple-ipc/host';
import {
  connectPool,
  connectWorker,
  consume,
  ExitError,
  LineClosedError,
  RefusedError,
  SessionLostError,
  SpawnError,
  type RemoteWorker,
} from 'simple-ipc/remote';
import { closeAll, linkTo, poll, Proxy, serve, until, watch } from '../support/bridge.js';
import { node, sh, use } from '../support/programs.js';

/** Echoes each line with `got ` before it. */
const echo = () => createWorker(sh('while read -r line; do echo "got $line"; done'));
/** Doubles numbers; `die` ends it with code 3. */
const doubler = node(`
  require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
    if (line === 'die') { console.error('/etc/secret'); process.exitCode = 3; process.stdin.destroy(); }
    else console.log(line * 2);
  });`);

const token = () => 'ok';
const fast = { token, delayMs: 10, maxDelayMs: 50 };
const isOpen = (worker: RemoteWorker<any, any, any>) =>
  until(worker.connection$, ({ state }) => state === 'open');

describe('connectWorker', () => {
  afterEach(closeAll);

  it('is a worker of its own session: output, statuses, send, start, stop and restart', async () => {
    const { host, url } = await serve({ workers: { echo: expose(echo) } });
    const worker = connectWorker('echo', { ...fast, link: linkTo(url) });
    const seen = watch(worker);
    worker.send.next('before it is connected');
    await until(worker.output$, (line) => line === 'got before it is connected');
    expect(worker.status$.value).toEqual({ state: 'running', generation: 1 });
    await worker.restart();
    worker.send.next(5n);
    await until(worker.output$, (line) => line === 'got 5');
    await worker.stop();
    await until(worker.status$, ({ state }) => state === 'stopped');
    worker.start();
    worker.send.next('again');
    await until(worker.output$, (line) => line === 'got again');
    worker.send.complete();
    await until(worker.status$, ({ state }) => state === 'exited');
    expect(seen.states).toEqual([
      ...['stopped', 'starting', 'running', 'stopping', 'starting', 'running'],
      ...['stopping', 'stopped', 'starting', 'running', 'exited'],
    ]);
    expect(seen.rejected).toEqual([]);
    expect(host.sessions).toBe(1);
    worker.close();
    await poll(() => host.sessions === 0);
  });

  it('completes every stream when it is closed, and rejects what is sent then', async () => {
    const { url } = await serve({ workers: { echo: expose(echo) } });
    const worker = connectWorker('echo', { ...fast, link: linkTo(url) });
    const ends: string[] = [];
    const streams = [
      'output$',
      'stderr$',
      'status$',
      'rejected$',
      'gaps$',
      'connection$',
      'send',
    ] as const;
    for (const name of streams)
      (worker[name] as Observable<unknown>).subscribe({ complete: () => ends.push(name) });
    await isOpen(worker);
    await worker[Symbol.asyncDispose]();
    expect(ends.sort()).toEqual([...streams].sort());
    expect(worker.connection$.value).toEqual({ state: 'closed' });
    await expect(lastValueFrom(worker.ask('x', 1))).rejects.toThrow(RefusedError);
    expect(() => worker.reconnect()).not.toThrow();
    await worker.stop();
  });

  it('carries every codec: bytes, JSON and lines, exactly', async () => {
    const { url } = await serve({
      workers: {
        bytes: expose(() => createWorker('cat', { codec: bytes() })),
        json: expose(() => createWorker('cat', { codec: jsonLines() })),
        lines: expose(() => createWorker('cat')),
      },
    });
    const raw = connectWorker<Uint8Array, Uint8Array>('bytes', { ...fast, link: linkTo(url) });
    watch(raw);
    const piece = until(raw.output$, ({ length }) => length === 4);
    raw.send.next(new Uint8Array([0, 10, 13, 255]));
    expect([...(await piece)]).toEqual([0, 10, 13, 255]);
    const json = connectWorker<unknown, unknown>('json', { ...fast, link: linkTo(url) });
    watch(json);
    const values = [null, 1, 'a\nb', { a: ['\u2028', '\ud83d\ude00'] }, []];
    const replies = lastValueFrom(json.output$.pipe(take(5), toArray()));
    for (const value of values) json.send.next(value);
    expect(await replies).toEqual(values);
    const lines = connectWorker('lines', { ...fast, link: linkTo(url) });
    const seen = watch(lines);
    const odd = ['', ' a ', '\t', '\u2028', '\0', 'é😀', '"\\', ''];
    for (const line of [...odd, 'end']) lines.send.next(line);
    await until(lines.output$, (line) => line === 'end');
    expect(seen.output).toEqual([...odd, 'end']);
  });

  it('asks exchanges of the host, and gets the errors of the program without what is not its business', async () => {
    const shared = use(
      createWorker(doubler, { supervise: restartOnExit({ when: 'always', delayMs: 1 }) }),
    );
    const exposed = expose(shared, { exchanges: { double: { reply: take(1) } } });
    const { url } = await serve({ workers: { doubler: exposed } });
    const worker = connectWorker('doubler', { ...fast, link: linkTo(url) });
    watch(worker);
    expect(await lastValueFrom(worker.ask('double', 21))).toBe('42');
    const error = await lastValueFrom(worker.ask('double', 'die')).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ExitError);
    expect(error).toMatchObject({
      message: '"doubler" exited with code 3',
      exit: { command: ['doubler'], code: 3, stderrTail: '' },
    });
    await expect(lastValueFrom(worker.ask('halve', 1))).rejects.toThrow('no such exchange');
    for (const name of ['constructor', '__proto__', 'toString']) {
      await expect(lastValueFrom(worker.ask(name, 1))).rejects.toThrow('no such exchange');
    }
  });

  it('may neither send nor control a shared worker unless that is allowed', async () => {
    const shared = use(echo());
    const { url } = await serve({ workers: { echo: expose(shared) } });
    const worker = connectWorker('echo', { ...fast, link: linkTo(url) });
    const seen = watch(worker);
    worker.send.next('x');
    worker.send.complete();
    await expect(worker.stop()).rejects.toThrow('no right to control');
    await expect(worker.restart()).rejects.toThrow(RefusedError);
    await poll(() => seen.rejected.length > 0);
    expect(seen.rejected.map(([value, { message }]) => [value, message])).toEqual([
      ['x', '"echo" was refused: no right to send'],
    ]);
    expect(shared.status$.value.state).toBe('running');
  });

  it('shows a failed start by its code alone', async () => {
    const { url } = await serve({
      workers: { broken: expose(() => createWorker('/no/such/program --password x')) },
    });
    const worker = connectWorker('broken', { ...fast, link: linkTo(url) });
    watch(worker);
    const status = await until(worker.status$, ({ state }) => state === 'failed');
    if (status.state !== 'failed') throw new Error(status.state);
    expect(status.error).toBeInstanceOf(SpawnError);
    expect(status.error.message).toBe('"broken" could not be started: ENOENT');
    expect(JSON.stringify(status)).not.toMatch(/password|such/);
  });

  it('goes on after a cut, with nothing lost or doubled', async () => {
    const { port } = await serve({ workers: { echo: expose(echo) } });
    const proxy = await Proxy.to(port);
    const worker = connectWorker('echo', { ...fast, link: linkTo(proxy.url) });
    const seen = watch(worker);
    for (let i = 0; i < 10; i++) {
      await isOpen(worker);
      worker.send.next(String(i));
      if (i % 2 === 0) await until(worker.output$, (line) => line === `got ${i}`);
      proxy.cut();
      await until(worker.connection$, ({ state }) => state === 'waiting');
    }
    worker.send.next('end');
    await until(worker.output$, (line) => line === 'got end');
    expect(seen.output).toEqual([...Array.from({ length: 10 }, (_, i) => `got ${i}`), 'got end']);
    expect([seen.rejected, seen.gaps]).toEqual([[], []]);
    expect(proxy.cuts).toBeGreaterThanOrEqual(10);
  });

  it('finds out by the silence of the line that it is lost, and goes on', async () => {
    const { port } = await serve({ workers: { echo: expose(echo) }, beatMs: 100 });
    const proxy = await Proxy.to(port);
    const worker = connectWorker('echo', { ...fast, link: linkTo(proxy.url) });
    const seen = watch(worker);
    worker.send.next('1');
    await until(worker.output$, (line) => line === 'got 1');
    proxy.forget();
    worker.send.next('2');
    await until(worker.output$, (line) => line === 'got 2');
    expect(seen.output).toEqual(['got 1', 'got 2']);
    expect(seen.connections).toContainEqual(
      expect.objectContaining({
        state: 'waiting',
        error: expect.objectContaining({ message: 'the host is silent' }),
      }),
    );
  });

  it('reports what is in doubt, and a gap, when the host was started anew; what was not sent is known not to have been', async () => {
    const workers = { echo: expose(echo, { exchanges: { echo: { reply: take(1) } } }) };
    const first = await serve({ workers });
    const proxy = await Proxy.to(first.port);
    const worker = connectWorker('echo', { ...fast, link: linkTo(proxy.url) });
    const seen = watch(worker);
    worker.send.next('1');
    await until(worker.output$, (line) => line === 'got 1');
    // Values sent on a line that carries nothing are in doubt.
    proxy.forget();
    worker.send.next('2');
    const inDoubt = lastValueFrom(worker.ask('echo', 'a')).catch((error: unknown) => error);
    const repeated = lastValueFrom(worker.ask('echo', 'b', { idempotent: true }));
    await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    proxy.isRefusing = true;
    proxy.cut();
    await until(worker.connection$, ({ state }) => state === 'waiting');
    await first.close();
    worker.send.next('3');
    const unsent = lastValueFrom(worker.ask('echo', 'c'));
    await serve({ workers }, { port: first.port });
    proxy.isRefusing = false;
    expect(await inDoubt).toBeInstanceOf(SessionLostError);
    expect([await repeated, await unsent]).toEqual(['got b', 'got c']);
    expect(
      seen.rejected.map(([value, error]) => [value, (error as { isInDoubt?: boolean }).isInDoubt]),
    ).toEqual([
      ['2', true],
      ['3', false],
    ]);
    expect(seen.gaps).toEqual([{ reason: 'session', stream: 'output', missed: undefined }]);
    expect(seen.output.filter((line) => line === 'got 2')).toEqual([]);
  });

  it('is refused for good without the right token, and comes back with reconnect()', async () => {
    const { url } = await serve({ workers: { echo: expose(echo) } });
    let shown = 'wrong';
    const worker = connectWorker('echo', {
      ...fast,
      link: linkTo(url),
      token: () => Promise.resolve(shown),
    });
    const seen = watch(worker);
    worker.send.next('1');
    const closed = await until(worker.connection$, ({ state }) => state === 'closed');
    expect(closed).toMatchObject({ error: { message: '"echo" was refused: not authorized' } });
    worker.send.next('2');
    expect(seen.rejected.map(([value]) => value)).toEqual(['1', '2']);
    await expect(lastValueFrom(worker.ask('echo', 1))).rejects.toThrow(RefusedError);
    shown = 'ok';
    worker.reconnect();
    worker.send.next('3');
    await until(worker.output$, (line) => line === 'got 3');
    expect(seen.gaps).toEqual([]);
  });

  it('tries again when its token cannot be had', async () => {
    const { url } = await serve({ workers: { echo: expose(echo) } });
    let attempts = 0;
    const worker = connectWorker('echo', {
      ...fast,
      link: linkTo(url),
      token: () => {
        if (++attempts < 3) throw new Error('the login server is down');
        return 'ok';
      },
    });
    const seen = watch(worker);
    await isOpen(worker);
    expect(seen.connections.map(({ state }) => state)).toEqual([
      ...['waiting', 'connecting', 'waiting', 'connecting', 'open'],
    ]);
  });

  it('is refused for good where there is no worker of its name', async () => {
    const { url } = await serve({ workers: { echo: expose(echo) } });
    for (const name of ['ehco', 'constructor', '__proto__']) {
      const worker = connectWorker(name, { ...fast, link: linkTo(url) });
      watch(worker);
      const closed = await until(worker.connection$, ({ state }) => state === 'closed');
      expect(closed).toMatchObject({ error: { reason: 'there is no worker of that name' } });
    }
  });

  it('takes a link that fails before it has returned: refused for good, or trying again', async () => {
    const failing = (code: number) => throwError(() => new LineClosedError(code, 'not here'));
    const worker = connectWorker('echo', { ...fast, link: failing(4404) });
    const seen = watch(worker);
    expect(worker.connection$.value).toMatchObject({
      state: 'closed',
      error: { message: '"echo" was refused: not here' },
    });
    worker.send.next('x');
    expect(seen.rejected).toEqual([['x', expect.any(RefusedError)]]);
    await expect(lastValueFrom(worker.ask('x', 1))).rejects.toThrow(RefusedError);
    const pool = connectPool('pool', { ...fast, link: failing(4404) });
    expect(pool.connection$.value.state).toBe('closed');
    await expect(lastValueFrom(pool.ask('x', 1))).rejects.toThrow(RefusedError);
    pool.close();
    const other = connectWorker('echo', { ...fast, link: failing(1006) });
    watch(other);
    await until(other.connection$, (each) => each.state === 'waiting' && each.attempt > 2);
  });

  it('pauses the program while its output is pulled slowly, and misses nothing', async () => {
    const { url } = await serve({
      workers: {
        burst: expose(() => createWorker(['seq', '1', '60000']), {
          bufferBytes: 64 * 1024,
        }),
      },
    });
    const worker = connectWorker('burst', { ...fast, link: linkTo(url) });
    watch(worker);
    let count = 0;
    for await (const line of worker) {
      if (Number(line) !== ++count) throw new Error(`${line}, not ${count}`);
      if (count % 10_000 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(count).toBe(60_000);
  });

  it('ends an iteration with the error of the life', async () => {
    const { url } = await serve({
      workers: { fails: expose(() => createWorker(sh('read go; echo 1; exit 3'))) },
    });
    const worker = connectWorker('fails', { ...fast, link: linkTo(url) });
    watch(worker);
    worker.send.next('go');
    const lines: string[] = [];
    await expect(async () => {
      for await (const line of worker) lines.push(line);
    }).rejects.toThrow('"fails" exited with code 3');
    expect(lines).toEqual(['1']);
  });

  it('is taken by consume(), and refused by what runs where the program runs', async () => {
    const { url } = await serve({
      workers: { seq: expose(() => createWorker(sh('read go; seq 1 5000'))) },
    });
    const worker = connectWorker('seq', { ...fast, link: linkTo(url) });
    watch(worker);
    const sums = lastValueFrom(
      consume(worker, (line) => Promise.resolve(Number(line)), { concurrency: 2 }).pipe(
        take(5_000),
        toArray(),
      ),
    );
    worker.send.next('go');
    expect((await sums).length).toBe(5_000);
  });

  it('completes when the worker is disposed on the host', async () => {
    const shared = use(echo());
    const { host, url } = await serve({
      workers: { echo: expose(shared, { exchanges: { late: { reply: take(1) } } }) },
    });
    const worker = connectWorker('echo', { ...fast, link: linkTo(url) });
    const seen = watch(worker);
    await isOpen(worker);
    const done = lastValueFrom(worker.output$, { defaultValue: 'completed' });
    await shared[Symbol.asyncDispose]();
    expect(await done).toBe('completed');
    expect(seen.states.at(-1)).toBe('stopped');
    expect(worker.connection$.value).toEqual({ state: 'closed' });
    await poll(() => host.sessions === 0);
    const late = connectWorker('echo', { ...fast, link: linkTo(url) });
    watch(late);
    await lastValueFrom(late.output$, { defaultValue: undefined });
    expect(late.status$.value.state).toBe('stopped');
  });

  it('is one program for all sessions of a key', async () => {
    let made = 0;
    const workers = {
      echo: expose(
        shareBy(
          ({ id }) => id,
          () => {
            made++;
            return echo();
          },
        ),
      ),
    };
    const { host, url } = await serve({ workers });
    const con = (shown: string) =>
      connectWorker('echo', { ...fast, link: linkTo(url), token: () => shown });
    const [one, two, other] = [con('ok1'), con('ok1'), con('ok2')];
    const seen = [one, two, other].map((worker) => watch(worker));
    await Promise.all([one, two, other].map(isOpen));
    one.send.next('hello');
    other.send.next('others');
    await Promise.all([until(two.output$, Boolean), until(other.output$, Boolean)]);
    expect(made).toBe(2);
    expect(seen.map(({ output }) => output)).toEqual([
      ['got hello'],
      ['got hello'],
      ['got others'],
    ]);
    one.close();
    await poll(() => host.sessions === 2);
    two.send.next('still there');
    await until(two.output$, (line) => line === 'got still there');
    two.close();
    await poll(() => host.sessions === 1);
    const again = con('ok1');
    watch(again);
    await isOpen(again);
    expect(made).toBe(3);
  });
});
