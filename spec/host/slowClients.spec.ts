import { lastValueFrom, take } from 'rxjs';
import { bytes, createPool, createWorker, jsonLines } from 'simple-ipc';
import { createHost, expose, portLine, type RemoteOf } from 'simple-ipc/host';
import { connectPool, connectWorker, portLink, RefusedError, type Gap } from 'simple-ipc/remote';
import { MessageChannel } from 'node:worker_threads';
import {
  afterThis,
  closeAll,
  linkTo,
  poll,
  Proxy,
  serve,
  until,
  watch,
} from '../support/bridge.js';
import { node, sh, use } from '../support/programs.js';

const fast = { token: () => 'ok', delayMs: 10, maxDelayMs: 50 };
const counted = (count: number) => sh(`read go; seq 1 ${count}; read end`);

/** Adds up what came and what is missing, and checks that each gap stands where its values would. */
function account(all: readonly (string | Gap)[]) {
  let next = 1;
  let missed = 0;
  for (const each of all) {
    if (typeof each !== 'string') {
      next += each.missed!;
      missed += each.missed!;
    } else if (Number(each) !== next++) throw new Error(`${each} came instead of ${next - 1}`);
  }
  return { sum: next - 1, missed };
}

describe('a host with a client that is slow', () => {
  afterEach(closeAll);

  it('leaves gaps in its output, counted and in their place, while others get everything', async () => {
    const shared = use(createWorker(counted(300_000)));
    const workers = {
      all: expose(shared),
      few: expose(shared, { bufferBytes: 256 * 1024, windowBytes: 64 * 1024 }),
    };
    const { url, port } = await serve({ workers, beatMs: 60_000 });
    const proxy = await Proxy.to(port);
    const quick = connectWorker('all', { ...fast, link: linkTo(url) });
    const slow = connectWorker('few', { ...fast, link: linkTo(proxy.url) });
    const [seen, seenSlow] = [watch(quick), watch(slow)];
    await Promise.all(
      [quick, slow].map((worker) => until(worker.connection$, ({ state }) => state === 'open')),
    );
    proxy.stall(true);
    shared.send.next('go');
    await until(quick.output$, (line) => line === '300000');
    proxy.stall(false);
    await until(slow.output$, (line) => line === '300000');
    expect(account(seen.all)).toEqual({ sum: 300_000, missed: 0 });
    const { sum, missed } = account(seenSlow.all);
    expect(sum).toBe(300_000);
    expect(missed).toBeGreaterThan(100_000);
    expect(seenSlow.gaps.every(({ reason }) => reason === 'slow')).toBe(true);
  });

  it('pauses a program of its own, for as long as it takes, and misses nothing', async () => {
    const exposed = expose(() => createWorker(counted(300_000)), {
      bufferBytes: 256 * 1024,
      windowBytes: 64 * 1024,
    });
    const { host, port } = await serve({ workers: { seq: exposed }, beatMs: 60_000 });
    const proxy = await Proxy.to(port);
    const worker = connectWorker('seq', { ...fast, link: linkTo(proxy.url) });
    const seen = watch(worker);
    await until(worker.status$, ({ state }) => state === 'running');
    worker.send.next('go');
    await until(worker.output$, Boolean);
    proxy.stall(true);
    const before = seen.output.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(seen.output.length - before).toBeLessThan(200_000);
    proxy.stall(false);
    await until(worker.output$, (line) => line === '300000');
    expect(account(seen.all)).toEqual({ sum: 300_000, missed: 0 });
    expect(host.sessions).toBe(1);
  });

  it('may pause a shared program for maxPauseMs at a stretch, then has gaps', async () => {
    const shared = use(createWorker(counted(200_000)));
    const exposed = expose(shared, {
      slow: 'pause',
      maxPauseMs: 50,
      bufferBytes: 128 * 1024,
      windowBytes: 32 * 1024,
    });
    const { port } = await serve({ workers: { seq: exposed }, beatMs: 60_000 });
    const proxy = await Proxy.to(port);
    const worker = connectWorker('seq', { ...fast, link: linkTo(proxy.url) });
    const seen = watch(worker);
    await until(worker.connection$, ({ state }) => state === 'open');
    proxy.stall(true);
    const last = until(shared.output$, (line) => line === '200000');
    shared.send.next('go');
    await last;
    proxy.stall(false);
    await until(worker.output$, (line) => line === '200000');
    const { sum, missed } = account(seen.all);
    expect(sum).toBe(200_000);
    expect(missed).toBeGreaterThan(0);
  });

  it('takes no more memory for a client that reads nothing of an endless program', async () => {
    const exposed = expose(() => createWorker(['yes', 'x'.repeat(100)]));
    const { url } = await serve({ workers: { yes: exposed } });
    const worker = connectWorker('yes', { ...fast, link: linkTo(url) });
    watch(worker).output.length = 0;
    const pulled = worker[Symbol.asyncIterator]();
    await pulled.next();
    await new Promise((resolve) => setTimeout(resolve, 500));
    const before = process.memoryUsage().rss;
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
    expect(worker.status$.value.state).toBe('running');
  });

  it('drops a value that is too large, or has no JSON, and reports it in its place', async () => {
    const big = node(
      `console.log('1'); console.log('x'.repeat(5000)); console.log('3'); process.stdin.resume()`,
    );
    const { url } = await serve({
      workers: {
        big: expose(() => createWorker(big), { exchanges: { first: { reply: take(1) } } }),
      },
      maxValueBytes: 1_000,
    });
    const worker = connectWorker('big', { ...fast, link: linkTo(url) });
    const seen = watch(worker);
    await until(worker.output$, (line) => line === '3');
    expect(seen.all).toEqual(['1', { reason: 'unsendable', stream: 'output', missed: 1 }, '3']);
  });

  it('fails a request whose reply is too large', async () => {
    const { url } = await serve({
      workers: {
        cat: expose(() => createWorker('cat'), { exchanges: { echo: { reply: take(1) } } }),
      },
      maxValueBytes: 1_000,
    });
    const worker = connectWorker('cat', { ...fast, link: linkTo(url) });
    watch(worker);
    await expect(lastValueFrom(worker.ask('echo', 'x'.repeat(2_000)))).rejects.toThrow(
      'the reply is larger than 1000 bytes',
    );
    expect(await lastValueFrom(worker.ask('echo', 'x'))).toBe('x');
  });

  it('rejects at the client what is larger than the host takes', async () => {
    const { url } = await serve({ workers: { cat: expose(() => createWorker('cat')) } });
    const worker = connectWorker<string, unknown>('cat', {
      ...fast,
      link: linkTo(url),
      maxPendingBytes: 1_000_000,
    });
    const seen = watch(worker);
    worker.send.next('x'.repeat(300 * 1024));
    await expect(lastValueFrom(worker.ask('echo', 'x'.repeat(300 * 1024)))).rejects.toThrow(
      RefusedError,
    );
    for (let i = 0; i < 5; i++) worker.send.next('y'.repeat(250 * 1024));
    const circular: unknown[] = [];
    circular.push(circular);
    worker.send.next(circular);
    expect(seen.rejected.map(([, { name }]) => name)).toEqual([
      ...['RefusedError', 'InputOverflowError', 'InputOverflowError', 'TypeError'],
    ]);
    await until(worker.output$, Boolean);
  });
});

describe('an exposed pool', () => {
  afterEach(closeAll);

  it('answers requests, shows its state in counts, and completes when it is disposed', async () => {
    const pool = use(createPool(sh('while read -r line; do echo "got $line"; done'), { size: 2 }));
    const exposed = expose(pool, { exchanges: { echo: { reply: take(1) } } });
    const { url } = await serve({ workers: { pool: exposed } });
    const remote: RemoteOf<typeof exposed> = connectPool('pool', { ...fast, link: linkTo(url) });
    afterThis(() => remote.close());
    expect(remote.status$.value).toEqual({ idle: 0, busy: 0, starting: 0, resting: 0, waiting: 0 });
    await until(remote.status$, ({ idle }) => idle === 2);
    const replies = await Promise.all(
      ['a', 'b', 'c'].map((request) => lastValueFrom(remote.ask('echo', request))),
    );
    expect(replies).toEqual(['got a', 'got b', 'got c']);
    const done = lastValueFrom(remote.status$);
    await pool[Symbol.asyncDispose]();
    await done;
    expect(remote.connection$.value).toEqual({ state: 'closed' });
  });

  it('is refused to connectWorker, and a worker to connectPool, with the right name', async () => {
    const pool = use(createPool('cat', { size: 1 }));
    const { url } = await serve({
      workers: { pool: expose(pool), cat: expose(() => createWorker('cat')) },
    });
    const worker = connectWorker('pool', { ...fast, link: linkTo(url) });
    watch(worker);
    const other = connectPool('cat', { ...fast, link: linkTo(url) });
    afterThis(() => other.close());
    const [one, two] = await Promise.all(
      [worker, other].map(({ connection$ }) =>
        until(connection$, ({ state }) => state === 'closed'),
      ),
    );
    expect(one).toMatchObject({ error: { reason: 'it is a pool: use connectPool()' } });
    expect(two).toMatchObject({ error: { reason: 'it is a worker: use connectWorker()' } });
  });
});

describe('a host in the same process', () => {
  afterEach(closeAll);

  const hostOf = () => {
    const host = createHost({
      workers: {
        cat: expose(() => createWorker('cat')),
        raw: expose(() => createWorker(sh('printf abc; exec cat'), { codec: bytes() })),
        json: expose(() => createWorker('cat', { codec: jsonLines() })),
      },
      authorize: (_, { frame }) => ({ id: typeof frame === 'string' ? frame : 'me' }),
    });
    afterThis(() => host.close());
    return host;
  };

  it('is reached in memory, without a server', async () => {
    const host = hostOf();
    const worker = connectWorker('cat', { link: host.link() });
    watch(worker);
    worker.send.next('hello');
    await until(worker.output$, (line) => line === 'hello');
    worker.close();
    await poll(() => host.sessions === 0);
  });

  it('is reached over a MessagePort, bytes included', async () => {
    const host = hostOf();
    const link = portLink(() => {
      const { port1, port2 } = new MessageChannel();
      host.accept(portLine(port2), { frame: 'main' });
      return port1;
    });
    const worker = connectWorker<Uint8Array, Uint8Array>('raw', { link });
    const seen = watch(worker);
    worker.send.next(Buffer.from('def'));
    await poll(() => Buffer.concat(seen.output).toString() === 'abcdef');
    worker.close();
    await poll(() => host.sessions === 0);
  });

  it('is left by a page that is gone without a word after resumeMs', async () => {
    const host = createHost({
      workers: { cat: expose(() => createWorker('cat'), { resumeMs: 20 }) },
      authorize: () => ({ id: 'me' }),
    });
    afterThis(() => host.close());
    const { port1, port2 } = new MessageChannel();
    host.accept(portLine(port2));
    port1.postMessage(['h', { v: 1, worker: 'cat', got: 0 }]);
    await poll(() => host.sessions === 1);
    port1.close();
    await poll(() => host.sessions === 0);
  });

  it('takes no lines after close(), and ends those that are open', async () => {
    const host = hostOf();
    const worker = connectWorker('cat', { link: host.link(), delayMs: 60_000 });
    watch(worker);
    await until(worker.connection$, ({ state }) => state === 'open');
    await host.close();
    const waiting = await until(worker.connection$, ({ state }) => state === 'waiting');
    expect(waiting).toMatchObject({ error: { message: 'the host is closing' } });
    worker.reconnect();
    await until(worker.connection$, ({ state }) => state === 'waiting');
    expect(host.sessions).toBe(0);
  });
});
