import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import fc from 'fast-check';
import { EMPTY, lastValueFrom, NEVER, take } from 'rxjs';
import { createWorker } from 'simple-ipc';
import { expose, serveSockets } from 'simple-ipc/host';
import { connectWorker, type RefusedError } from 'simple-ipc/remote';
import { WebSocket, WebSocketServer, type RawData } from 'ws';
import {
  afterThis,
  closeAll,
  linkTo,
  poll,
  serve,
  until,
  watch,
  type Served,
} from '../support/bridge.js';
import { sh } from '../support/programs.js';

// Each attack is one that a stranger on the network can make.

interface Attack {
  readonly code: number;
  readonly reason: string;
  readonly received: unknown[];
}

const textOf = (data: RawData) => (data as Buffer).toString();

/** Connects as a stranger does, sends some frames, and waits until it is thrown out or `isDone`. */
function attack(
  { url }: Served,
  frames: readonly unknown[],
  {
    origin,
    isDone = () => false,
  }: { origin?: string; isDone?: (received: unknown[]) => boolean } = {},
): Promise<Attack> {
  return new Promise((resolve, reject) => {
    const received: unknown[] = [];
    const socket = new WebSocket(url, { perMessageDeflate: false, ...(origin && { origin }) });
    afterThis(() => socket.terminate());
    const send = (some: readonly unknown[]): void => {
      for (const frame of some) {
        const isRaw = typeof frame === 'string' || frame instanceof Uint8Array;
        socket.send(isRaw ? frame : JSON.stringify(frame));
      }
    };
    // Frames after a good hello are sent once it is answered.
    const [first, ...rest] = frames;
    const isGood = JSON.stringify(first) === JSON.stringify(['h', hello]);
    socket.on('open', () => send(isGood ? [first] : frames));
    socket.on('message', (data) => {
      if (received.length === 0 && isGood) send(rest);
      received.push(JSON.parse(textOf(data).split('\n')[0]!));
      if (isDone(received)) resolve({ code: 0, reason: '', received });
    });
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString(), received }));
    socket.on('error', reject);
  });
}

const hello = { v: 1, worker: 'cat', token: 'ok', got: 0 };
const secret = '/srv/secret/path';

/** A host with one program per session, and what it makes counted. */
async function victim(options: Parameters<typeof serve>[0] | object = {}) {
  let made = 0;
  const cat = expose(
    () => {
      made++;
      return createWorker(sh(`# ${secret}\nexec cat`), { env: { ...process.env, SECRET: secret } });
    },
    {
      allow: ['output', 'send'],
      exchanges: {
        echo: { reply: take(1), timeoutMs: 5_000 },
        never: { reply: () => NEVER, inTurn: false },
        none: { reply: () => EMPTY },
      },
      check: (value) => (String(value).includes('evil') ? 'it is evil' : undefined),
      maxAsks: 3,
      resumeMs: 50,
    },
  );
  const served = await serve({
    workers: {
      cat,
      boom: expose(() => {
        throw new Error(secret);
      }),
    },
    ...options,
  });
  return { served, made: () => made };
}

describe('a host', () => {
  afterEach(closeAll);

  describe('before the handshake', () => {
    const upgrade = (port: number, headers: Record<string, string>, path = '/workers') =>
      new Promise<number | undefined>((resolve, reject) => {
        const request = httpRequest({
          port,
          path,
          headers: {
            connection: 'Upgrade',
            upgrade: 'websocket',
            'sec-websocket-version': '13',
            'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
            ...headers,
          },
        });
        request.on('response', (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        request.on('upgrade', (_, socket) => {
          socket.destroy();
          resolve(101);
        });
        request.on('error', reject);
        request.end();
      });

    it.each([
      ['no origin where pages alone may connect', {}, 403],
      ['the origin of another page', { origin: 'https://evil.example' }, 403],
      ['an origin that begins alike', { origin: 'https://app.example.evil.example' }, 403],
      ['the origin of another scheme', { origin: 'http://app.example' }, 403],
      ['the origin null', { origin: 'null' }, 403],
      [
        'another Host, as after DNS rebinding',
        { origin: 'https://app.example', host: 'evil.example' },
        421,
      ],
      ['the right ones', { origin: 'https://app.example' }, 101],
    ])('answers %s', async (_, headers, status) => {
      const { served } = await victim();
      served.server.removeAllListeners('upgrade');
      const listening = serveSockets(served.server, served.sockets, served.host, {
        origins: ['https://app.example'],
        hosts: ['app.example'],
      });
      expect(await upgrade(served.port, { host: 'app.example', ...headers })).toBe(status);
      listening.unsubscribe();
      expect(served.server.listenerCount('upgrade')).toBe(0);
    });

    it.each(['/other', '//', '/workers/../workers', 'http://[', '/workers%00', '*', '/Workers'])(
      'answers the path %s with 404, and lives',
      async (path) => {
        const { served } = await victim();
        const answer = new Promise<string>((resolve) => {
          const socket = connect(served.port, '127.0.0.1');
          socket.on('data', (data) => resolve(data.toString().split('\r\n')[0]!));
          socket.write(
            `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${served.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
          );
          afterThis(() => void socket.destroy());
        });
        expect(await answer).toMatch(/^HTTP\/1\.1 40[04]/);
        const { received } = await attack(served, [['h', hello]], {
          isDone: ({ length }) => length > 0,
        });
        expect(received[0]).toMatchObject(['h', { v: 1 }]);
      },
    );

    it('leaves other paths to other listeners', async () => {
      const { served } = await victim();
      served.server.on('upgrade', ({ url }, socket) => {
        if (url === '/other') socket.end('HTTP/1.1 418 Other\r\nConnection: close\r\n\r\n');
      });
      expect(await upgrade(served.port, {}, '/other')).toBe(418);
    });

    it('outlives a stranger that resets the connection while it is refused', async () => {
      const { served } = await victim();
      for (let i = 0; i < 20; i++) {
        const socket = connect(served.port, '127.0.0.1');
        socket.on('error', () => undefined);
        socket.write(
          'GET /workers HTTP/1.1\r\nHost: evil\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
        );
        await new Promise((resolve) => socket.once('connect', resolve));
        socket.resetAndDestroy();
      }
      const { received } = await attack(served, [['h', hello]], {
        isDone: ({ length }) => length > 0,
      });
      expect(received[0]).toMatchObject(['h', { v: 1 }]);
    });

    it.each([
      [{ maxPayload: 100 * 1024 * 1024 }, 'maxPayload'],
      [{ maxPayload: 0 }, 'maxPayload'],
      [{ perMessageDeflate: true, maxPayload: 1_024 }, 'perMessageDeflate'],
    ])('refuses a WebSocketServer with %p', async (options, word) => {
      const { served } = await victim();
      const sockets = new WebSocketServer({ noServer: true, ...options });
      expect(() =>
        serveSockets(served.server, sockets, served.host, { origins: [], hosts: [] }),
      ).toThrow(word);
    });
  });

  describe('before the hello', () => {
    it.each([
      ['no token', { ...hello, token: undefined }, 4401],
      ['a wrong token', { ...hello, token: 'no' }, 4401],
      ['a token of another type', { ...hello, token: { id: 'ok' } }, 4401],
      ['another version', { ...hello, v: 2 }, 4400],
      ['no version', { ...hello, v: undefined }, 4400],
      ['no worker', { ...hello, worker: undefined }, 4400],
      ['a list for a worker', { ...hello, worker: ['cat'] }, 4400],
      ['a command for a worker', { ...hello, worker: 'rm -rf /' }, 4404],
      ['the name constructor', { ...hello, worker: 'constructor' }, 4404],
      ['the name __proto__', { ...hello, worker: '__proto__' }, 4404],
      ['the name toString', { ...hello, worker: 'toString' }, 4404],
      ['a session that is no text', { ...hello, session: { length: 1 } }, 4400],
      [
        'options beside it that are not known, and a worker that fails',
        { ...hello, worker: 'boom', cwd: '/' },
        4004,
      ],
    ])('throws %s out, and makes no program', async (_, frame, code) => {
      const { served, made } = await victim();
      const { code: got, reason, received } = await attack(served, [['h', frame]]);
      expect(got).toBe(code);
      expect(received).toEqual([]);
      expect(reason).not.toContain('secret');
      expect([made(), served.host.sessions]).toEqual([0, 0]);
    });

    it.each([
      'x',
      '',
      '{}',
      '[]',
      'null',
      '1',
      '"h"',
      '["h"]',
      '["h",null]',
      '["h",1]',
      '["d",0,0,"send",["x"]]',
      '["a",0]',
      new Uint8Array([1, 2, 3]),
      new Uint8Array(0),
      Buffer.from('["d",0,0,"send",[1e9]]\n'),
      Buffer.from('["h",{}]\n'),
      '['.repeat(100_000),
      `["h",${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}]`,
    ])('throws out what is no hello (%#)', async (frame) => {
      const { served, made } = await victim();
      const { code } = await attack(served, [frame]);
      expect(code).toBe(4400);
      expect(made()).toBe(0);
    });

    it('throws out who says nothing', async () => {
      const { served } = await victim({ helloMs: 50 });
      expect(await attack(served, [])).toMatchObject({ code: 4408, received: [] });
    });

    it('takes one hello per line', async () => {
      const { served } = await victim();
      expect(
        await attack(served, [
          ['h', hello],
          ['h', hello],
        ]),
      ).toMatchObject({ code: 4400 });
      await poll(() => served.host.sessions === 0);
    });

    it('lets no address have more lines without a session than that, whatever others do', async () => {
      const { served } = await victim({ maxPendingPerAddress: 3, helloMs: 60_000 });
      const silent = Array.from({ length: 3 }, () => new WebSocket(served.url));
      await Promise.all(
        silent.map((socket) => new Promise((resolve) => socket.once('open', resolve))),
      );
      await poll(() => served.sockets.clients.size === 3);
      expect(await attack(served, [['h', hello]])).toMatchObject({ code: 4429 });
      for (const socket of silent) socket.terminate();
      await poll(() => served.sockets.clients.size === 0);
      const { received } = await attack(served, [['h', hello]], {
        isDone: ({ length }) => length > 0,
      });
      expect(received[0]).toMatchObject(['h', { v: 1 }]);
    });

    it('lets no address try more tokens in a minute than that', async () => {
      const { served } = await victim({ maxHellosPerMinute: 5 });
      const codes: number[] = [];
      for (let i = 0; i < 8; i++)
        codes.push((await attack(served, [['h', { ...hello, token: `no${i}` }]])).code);
      expect(codes).toEqual([4401, 4401, 4401, 4401, 4401, 4429, 4429, 4429]);
    });
  });

  describe('in a session', () => {
    const data = (topic: string, ...values: unknown[]) => ['d', 0, 0, topic, values];

    it.each([
      ['a later number', ['d', 1, 0, 'send', ['x']]],
      ['an ack of what was not sent', ['d', 0, 99, 'send', ['x']]],
      ['an unknown topic', data('spawn', 'rm')],
      ['a topic of the host', data('out', 'x')],
      ['the topic constructor', data('constructor', 'x')],
      ['text for values', ['d', 0, 0, 'send', 'x']],
      ['a request that is no list', data('ask', 1)],
      ['a request whose id is text', data('ask', ['1', 'echo', 'x'])],
      ['a request whose id is a fraction', data('do', [0.5, 'start'])],
      ['two requests of one id', data('ask', [1, 'never', 'x'], [1, 'never', 'x'])],
      ['a negative ack', ['a', -1]],
      ['an ack of null', ['a', null]],
      ['a great ack', ['a', 1e9]],
      ['an unknown kind', ['q']],
      ['no frame', 'x'],
      ['fewer lines than it says', Buffer.from('["d",0,0,"send",3]\na\nb')],
      ['a nest of lists', `["d",0,0,"send",[${'['.repeat(200_000)}${']'.repeat(200_000)}]]`],
    ])('closes the line of %s', async (_, frame) => {
      const { served } = await victim();
      const { code } = await attack(served, [['h', hello], frame]);
      expect(code).toBe(4400);
      await poll(() => served.host.sessions === 0);
    });

    it('closes the line of a message over maxPayload', async () => {
      const { served } = await victim();
      const { code } = await attack(served, [['h', hello], 'x'.repeat(3 * 1024 * 1024)]);
      expect(code).toBe(1009);
    });

    it.each([
      ['of a command', data('do', [1, 'spawn rm']), 'no right to control'],
      ['to stop without the right', data('do', [1, 'stop']), 'no right to control'],
      ['for the exchange constructor', data('ask', [1, 'constructor', 'x']), 'no such exchange'],
      ['for the exchange __proto__', data('ask', [1, '__proto__', 'x']), 'no such exchange'],
      ['for an exchange that is a list', data('ask', [1, ['echo'], 'x']), 'no such exchange'],
      ['that the check refuses', data('ask', [1, 'echo', 'evil']), 'it is evil'],
    ])('refuses a request %s', async (_, frame, reason) => {
      const { served } = await victim();
      const { received } = await attack(served, [['h', hello], frame], {
        isDone: (all) => JSON.stringify(all).includes('"end"'),
      });
      expect(JSON.stringify(received)).toContain(reason);
    });

    it('rejects what may not be sent, and what is no line', async () => {
      const { served } = await victim();
      const { received } = await attack(
        served,
        [['h', hello], data('send', 'evil', 'a\nb', { cwd: '/' }, null, [1], { toString: 1 })],
        { isDone: (all) => JSON.stringify(all).split('"name"').length > 6 },
      );
      const text = JSON.stringify(received);
      expect(text).toContain('it is evil');
      expect(text).toContain('LineBreakError');
      expect(text).not.toContain('secret');
    });

    it('ignores a request to leave what is not there', async () => {
      const { served } = await victim();
      const { received } = await attack(
        served,
        [
          ['h', hello],
          data('leave', 'constructor', 7, null),
          ['d', 1, 0, 'ask', [[1, 'echo', 'x']]],
        ],
        { isDone: (all) => JSON.stringify(all).includes('"end"') },
      );
      expect(JSON.stringify(received)).toContain('"x"');
    });

    it('gives a stolen session to nobody else', async () => {
      const { served, made } = await victim();
      const worker = connectWorker('cat', { link: linkTo(served.url), token: () => 'ok1' });
      watch(worker);
      await until(worker.connection$, ({ state }) => state === 'open');
      const own = await attack(served, [['h', { ...hello, token: 'ok1' }]], {
        isDone: ({ length }) => length > 0,
      });
      const [, { session }] = own.received[0] as [string, { session: string }];
      expect(session).toMatch(/^[0-9a-f]{32}$/);
      const thief = await attack(served, [['h', { ...hello, token: 'ok2', session }]], {
        isDone: ({ length }) => length > 0,
      });
      const [, { session: given }] = thief.received[0] as [string, { session: string }];
      expect(given).not.toBe(session);
      expect(made()).toBe(3);
    });

    it('tells strangers nothing of the program: no command, path, environment, process id or stderr', async () => {
      const { served } = await victim({
        workers: {
          cat: expose(() => createWorker(sh(`echo ${secret} >&2; read line; exit 3`)), {
            exchanges: { echo: { reply: take(1) } },
          }),
        },
      });
      const { received } = await attack(served, [['h', hello], data('ask', [1, 'echo', 'x'])], {
        isDone: (all) =>
          JSON.stringify(all).includes('"failed"') && JSON.stringify(all).includes('"end"'),
      });
      const text = JSON.stringify(received);
      expect(text).toContain('ExitError');
      expect(text).not.toMatch(/secret|pid|"command":\[|stderr|\/bin|sh -c/);
    });

    it('bounds sessions per user and in all; one that was left makes room', async () => {
      const { served } = await victim({ maxSessionsPerClient: 2, maxSessions: 3 });
      const open = (shown: string) => {
        const worker = connectWorker('cat', {
          link: linkTo(served.url),
          token: () => shown,
          delayMs: 60_000,
        });
        watch(worker);
        return until(worker.connection$, ({ state }) => state === 'open' || state === 'waiting');
      };
      const states = [];
      for (const shown of ['ok1', 'ok1', 'ok1', 'ok2', 'ok3'])
        states.push((await open(shown)).state);
      expect(states).toEqual(['open', 'open', 'waiting', 'open', 'waiting']);
      expect(served.host.sessions).toBe(3);
    });

    it('bounds the requests of a session', async () => {
      const { served } = await victim();
      const worker = connectWorker('cat', { link: linkTo(served.url), token: () => 'ok' });
      watch(worker);
      const asks = Array.from({ length: 5 }, () => worker.ask('never', 'x'));
      const errors: unknown[] = [];
      const subscriptions = asks.map((ask$) =>
        ask$.subscribe({ error: (error: unknown) => errors.push(error) }),
      );
      await poll(() => errors.length === 2);
      expect(errors.map((error) => (error as RefusedError).reason)).toEqual(
        Array(2).fill('more than 3 requests at a time'),
      );
      for (const subscription of subscriptions) subscription.unsubscribe();
      // An abandoned request makes room.
      await expect(lastValueFrom(worker.ask('none', 'x'), { defaultValue: 'done' })).resolves.toBe(
        'done',
      );
    });

    it('bounds frames per second', async () => {
      const { served } = await victim({ maxFramesPerSecond: 100 });
      const flood = Array.from({ length: 5_000 }, () => ['a', 0]);
      expect(await attack(served, [['h', hello], ...flood])).toMatchObject({ code: 4429 });
    });

    it('ends the session of a client that has its sends rejected and reads nothing', async () => {
      const { served } = await victim({
        maxValueBytes: 1_000,
        workers: {
          cat: expose(() => createWorker('cat'), {
            bufferBytes: 4_000,
            windowBytes: 1_000,
            check: () => 'no',
          }),
        },
      });
      const frames = Array.from({ length: 40 }, (_, at) => [
        'd',
        at,
        0,
        'send',
        Array(50).fill('x'),
      ]);
      expect(await attack(served, [['h', hello], ...frames])).toMatchObject({
        code: 4429,
        reason: 'too much waits for this client',
      });
      expect(served.host.sessions).toBe(0);
    });

    it('evicts users for good', async () => {
      const { served } = await victim();
      const worker = connectWorker('cat', { link: linkTo(served.url), token: () => 'ok1' });
      watch(worker);
      await until(worker.connection$, ({ state }) => state === 'open');
      served.host.evict(({ id }) => id === 'ok2');
      expect(served.host.sessions).toBe(1);
      served.host.evict(({ id }) => id === 'ok1');
      const closed = await until(worker.connection$, ({ state }) => state === 'closed');
      expect(closed).toMatchObject({ error: { reason: 'evicted' } });
      expect(served.host.sessions).toBe(0);
    });

    it('closes the line of a token that expires, and resumes the session with a new one', async () => {
      let hellos = 0;
      const { served, made } = await victim({
        authorize: () => ({ id: 'u', expiresAt: ++hellos === 1 ? Date.now() + 50 : undefined }),
      });
      const worker = connectWorker('cat', { link: linkTo(served.url), delayMs: 1 });
      const seen = watch(worker);
      const error = await until(worker.connection$, ({ state }) => state === 'waiting');
      expect(error).toMatchObject({ error: { message: 'the token has expired' } });
      worker.send.next('x');
      await until(worker.output$, (line) => line === 'x');
      expect([hellos, made(), seen.gaps]).toEqual([2, 1, []]);
    });

    it('outlives whatever bytes arrive, before and after a hello', async () => {
      const { served } = await victim({ maxHellosPerMinute: 1e9, maxSessionsPerClient: 1e6 });
      const frame = fc.oneof(
        fc.json(),
        fc.string(),
        fc.uint8Array({ maxLength: 60 }),
        fc
          .tuple(
            fc.constantFrom('d', 'a', 'h', 'b'),
            fc.integer({ min: -1, max: 2 }),
            fc.integer({ min: -1, max: 2 }),
            fc.constantFrom('send', 'ask', 'do', 'eof', 'leave', 'out', '__proto__'),
            fc.array(fc.jsonValue(), { maxLength: 3 }),
          )
          .map((parts) => JSON.stringify(parts)),
      );
      await fc.assert(
        fc.asyncProperty(
          fc.array(frame, { maxLength: 4 }),
          fc.boolean(),
          async (frames, greets) => {
            const end = '["q"]';
            const { code } = await attack(served, [
              ...(greets ? [['h', hello]] : []),
              ...frames,
              end,
            ]);
            expect(code).toBe(4400);
          },
        ),
        { numRuns: 60 },
      );
      await poll(() => served.host.sessions === 0);
    });
  });
});
