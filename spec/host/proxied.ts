import { lastValueFrom, mergeMap, range, take, toArray, map } from 'rxjs';
import { createWorker } from 'simple-ipc';
import { expose } from 'simple-ipc/host';
import { connectWorker } from 'simple-ipc/remote';
import { linkTo, poll, Proxy, serve, until, watch } from '../support/bridge.js';
import { expectSame, node, numbers, use } from '../support/programs.js';

export interface Load {
  readonly lines: number;
  readonly sends: number;
  readonly cuts: number;
  readonly asks: number;
}

/** Writes `lines` numbers in bursts, one per value that it reads, and echoes each value. */
const talker = (lines: number, sends: number) =>
  node(`
    let line = 0;
    let read = 0;
    const step = () => {
      let text = '';
      for (const due = Math.ceil((++read / ${sends}) * ${lines}); line < due; ) text += 'l' + line++ + '\\n';
      return text;
    };
    require('node:readline').createInterface({ input: process.stdin })
      .on('line', (value) => process.stdout.write(step() + 'e' + value + '\\n'));`);

const doubler = node(`
  require('node:readline').createInterface({ input: process.stdin })
    .on('line', (line) => setTimeout(() => console.log(line * 2), Math.random() * 3));`);

/** Talks through a proxy that cuts, stalls and forgets connections, until all has arrived. */
export async function talkThroughCuts({ lines, sends, cuts, asks }: Load) {
  const shared = use(createWorker(doubler));
  const { port } = await serve({
    workers: {
      own: expose(() => createWorker(talker(lines, sends)), {
        windowBytes: 64 * 1024,
        bufferBytes: 256 * 1024,
        resumeMs: 60_000,
      }),
      shared: expose(shared, { exchanges: { double: { reply: take(1) } }, resumeMs: 60_000 }),
    },
    beatMs: 300,
    maxHellosPerMinute: 1e9,
  });
  const proxy = await Proxy.to(port);
  const con = (name: string) =>
    connectWorker(name, { link: linkTo(proxy.url), token: () => 'ok', delayMs: 5, maxDelayMs: 40 });
  const own = con('own');
  const seen = watch(own);
  const clients = [con('shared'), con('shared')];
  clients.forEach((client) => watch(client));

  let isDone = false;
  const faults = { cut: 0, stalled: 0, forgotten: 0 };
  const disturb = (async () => {
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- it changes meanwhile
    while (!isDone) {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
      const chance = Math.random();
      if (chance < 0.05) {
        proxy.forget();
        faults.forgotten++;
      } else if (chance < 0.2) {
        proxy.stall(true);
        faults.stalled++;
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 40));
        proxy.stall(false);
      } else {
        proxy.cut();
      }
      faults.cut = proxy.cuts;
    }
  })();

  const answers = clients.map((client, which) =>
    lastValueFrom(
      range(0, asks).pipe(
        mergeMap(
          (i) =>
            client
              .ask('double', i + which * 10_000)
              .pipe(map((reply) => Number(reply) - 2 * (i + which * 10_000))),
          4,
        ),
        toArray(),
      ),
    ),
  );
  for (let sent = 0; sent < sends;) {
    for (let i = 0; i < 20 && sent < sends; i++) own.send.next(String(sent++));
    await new Promise((resolve) => setImmediate(resolve));
    // Spread over all of the cuts.
    if (sent % 100 === 0) await poll(() => proxy.cuts >= (sent / sends) * cuts);
  }
  await poll(() => seen.output.length + seen.rejected.length >= lines + sends);
  const replies = await Promise.all(answers);
  isDone = true;
  await disturb;
  expect([seen.rejected, seen.gaps]).toEqual([[], []]);
  expectSame(
    seen.output.filter((line) => line.startsWith('l')),
    numbers(lines).map((n) => `l${n}`),
  );
  expectSame(
    seen.output.filter((line) => line.startsWith('e')),
    numbers(sends).map((n) => `e${n}`),
  );
  for (const each of replies) expect(each).toEqual(Array(asks).fill(0));
  expect(proxy.cuts).toBeGreaterThanOrEqual(cuts);
  await until(own.connection$, ({ state }) => state === 'open');
  return { lines, sends, asks: 2 * asks, connections: proxy.connections, ...faults };
}
