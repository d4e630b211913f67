import { MessageChannel } from 'node:worker_threads';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { firstValueFrom, materialize, toArray } from 'rxjs';
import { WebSocket, WebSocketServer } from 'ws';
import { linePair } from '../../src/link/linePair.js';
import type { Line } from '../../src/link/Line.js';
import { portLine } from '../../src/link/portLine.js';
import { socketLine } from '../../src/link/socketLine.js';

interface Ends {
  readonly one: Line;
  readonly other: Line;
  readonly close: () => Promise<void>;
}

async function sockets(): Promise<Ends> {
  const http = createServer();
  const server = new WebSocketServer({ server: http, perMessageDeflate: false });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  const arrived = new Promise<WebSocket>((resolve) => server.once('connection', resolve));
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  await new Promise((resolve) => socket.once('open', resolve));
  return {
    one: socketLine(socket),
    other: socketLine(await arrived),
    close: async () => {
      for (const client of server.clients) client.terminate();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

function ports(): Promise<Ends> {
  const { port1, port2 } = new MessageChannel();
  return Promise.resolve({
    one: portLine(port1),
    other: portLine(port2),
    close: () => {
      for (const port of [port1, port2]) port.close();
      return Promise.resolve();
    },
  });
}

function inMemory(): Promise<Ends> {
  const [one, other] = linePair();
  return Promise.resolve({ one, other, close: () => Promise.resolve() });
}

const isPlain = (value: unknown) => typeof value === 'object' && !(value instanceof Uint8Array);

const batch = (...values: unknown[]) => ({
  topic: 'out' as const,
  values,
  bytes: 10,
  texts: isPlain(values[0]) ? values.map((value) => JSON.stringify(value)) : undefined,
});

describe.each([
  ['a WebSocket', sockets],
  ['a MessagePort', ports],
  ['memory', inMemory],
])('a line over %s', (_, make) => {
  it('carries frames in order, both ways, and the reason of its end', async () => {
    const { one, other, close } = await make();
    const atOther = firstValueFrom(other.frames$.pipe(materialize(), toArray()));
    const atOne = firstValueFrom(one.frames$.pipe(materialize(), toArray()));
    one.send(['h', { v: 1, worker: 'engine', got: 0 }]);
    one.send(['d', 0, 0, batch('a', 'b')]);
    one.send(['d', 1, 0, batch({ id: 1 })]);
    one.send(['a', 7]);
    one.close(4001, 'bye');
    one.close(4000, 'again');
    one.send(['a', 8]);
    expect(await atOther).toMatchObject([
      { kind: 'N', value: ['h', { v: 1, worker: 'engine', got: 0 }] },
      { kind: 'N', value: ['d', 0, 0, 'out', ['a', 'b']] },
      { kind: 'N', value: ['d', 1, 0, 'out', [{ id: 1 }]] },
      { kind: 'N', value: ['a', 7] },
      { kind: 'E', error: { code: 4001, message: 'bye' } },
    ]);
    expect(await atOne).toMatchObject([{ kind: 'E' }]);
    await close();
  });

  it('carries bytes, and nothing of the memory around them', async () => {
    const { one, other, close } = await make();
    const frames = firstValueFrom(other.frames$);
    void firstValueFrom(one.frames$).catch(() => undefined);
    const pool = new Uint8Array(8_192).fill(7);
    one.send(['d', 0, 0, batch(pool.subarray(10, 12))]);
    const [piece] = (await frames)[4] as Uint8Array[];
    expect([...piece!]).toEqual([7, 7]);
    expect(piece!.buffer.byteLength).toBeLessThan(100);
    one.close(4001, 'bye');
    await close();
  });
});

describe('socketLine', () => {
  it('closes with the code of a breach when what arrives is no frame', async () => {
    const http = createServer();
    const server = new WebSocketServer({ server: http });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const line = new Promise<Line>((resolve) =>
      server.once('connection', (socket) => resolve(socketLine(socket))),
    );
    const raw = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`);
    const closed = new Promise<number>((resolve) => raw.once('close', resolve));
    const error = firstValueFrom((await line).frames$).catch((reason: unknown) => reason);
    raw.once('open', () => raw.send('no frame'));
    expect(await closed).toBe(4400);
    expect(await error).toMatchObject({ code: 4400 });
    await new Promise((resolve) => http.close(resolve));
  });
});

describe('portLine', () => {
  it('is lost when the other end closes without a word', async () => {
    const { port1, port2 } = new MessageChannel();
    const error = firstValueFrom(portLine(port1).frames$).catch((reason: unknown) => reason);
    port2.close();
    expect(await error).toMatchObject({ code: 1006 });
  });

  it('is lost, and closed, when something that is no frame arrives', async () => {
    const { port1, port2 } = new MessageChannel();
    const error = firstValueFrom(portLine(port1).frames$).catch((reason: unknown) => reason);
    const closed = new Promise((resolve) => port2.once('close', resolve));
    port2.postMessage({ hello: 'there' });
    expect(await error).toMatchObject({ code: 4400 });
    await closed;
  });

  it('sends the JSON of a value that cannot be cloned', async () => {
    const { port1, port2 } = new MessageChannel();
    const arrived = new Promise((resolve) => port2.once('message', resolve));
    const line = portLine(port1);
    line.send(['d', 0, 0, batch({ a: 1, f: () => 2 })]);
    expect(await arrived).toEqual(['d', 0, 0, 'out', [{ a: 1 }]]);
    port2.close();
  });
});
