import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { SpawnError, restartOnExit, SAFE_ENV } from 'simple-ipc';
import { WorkerTransport, type RpcMessage } from 'simple-ipc/mcp';
import { cleanUp, eventually, first, isAlive, until, use } from '../support/programs.js';
import { startedProcesses } from '../support/startedProcesses.js';

const programs = resolve(__dirname, '../../examples/programs');
const everything = resolve(
  programs,
  'node_modules/@modelcontextprotocol/server-everything/dist/index.js',
);

/** The part of the official client that is used here; its own types are checked in packaging/. */
interface McpClient {
  connect(transport: object): Promise<void>;
  close(): Promise<void>;
  listTools(): Promise<{ tools: { name: string }[] }>;
  callTool(call: { name: string; arguments: object }): Promise<{ content: { text: string }[] }>;
  getServerVersion(): { name: string } | undefined;
  onclose?: () => void;
  onerror?: (error: Error) => void;
}
interface Sdk {
  readonly Client: new (about: object, options?: object) => McpClient;
  readonly StdioClientTransport: new (server: object) => object;
  readonly getDefaultEnvironment: () => Record<string, string>;
}

/** The official client, version 1, as server-everything itself depends on it. */
function loadSdk(): Sdk {
  const load = createRequire(resolve(programs, 'package.json'));
  const sdk = '@modelcontextprotocol/sdk/client';
  return { ...load(`${sdk}/index.js`), ...load(`${sdk}/stdio.js`) } as Sdk;
}

/** As with npx, the server is a grandchild. */
const wrapped = (script: string) => ['sh', '-c', `${script}; true`];
const server = wrapped(`"${process.execPath}" "${everything}" stdio`);
/** Does not end at end-of-file. */
const stubborn = wrapped(
  `"${process.execPath}" --import 'data:text/javascript,process.exit=()=>{};setInterval(()=>{},1000)' "${everything}" stdio`,
);

/** The servers that run: their process ids. */
const servers = () =>
  startedProcesses()
    .filter(({ command }) => !command.startsWith('sh ') && command.includes('server-everything'))
    .map(({ pid }) => pid);

const describeWith = existsSync(everything) ? describe : describe.skip;

describeWith('WorkerTransport with server-everything (skipped without examples/programs)', () => {
  const { Client, StdioClientTransport, getDefaultEnvironment } = existsSync(everything)
    ? loadSdk()
    : ({} as Sdk);
  const toolLists: number[] = [];
  let closed = 0;

  /** A client of the official SDK. */
  function newClient(): McpClient {
    // The list is `null` if it could not be read: the client may have been closed meanwhile.
    const onChanged = (_error: unknown, tools: unknown[] | null) => {
      if (tools) toolLists.push(tools.length);
    };
    const client = new Client(
      { name: 'spec', version: '1' },
      { listChanged: { tools: { onChanged } } },
    );
    client.onclose = () => closed++;
    return client;
  }

  async function connect(command = server, options = {}) {
    const transport = new WorkerTransport(command, {
      supervise: restartOnExit({ when: 'always', delayMs: 10 }),
      ...options,
    });
    use({ [Symbol.asyncDispose]: () => transport.close() });
    const client = newClient();
    await client.connect(transport);
    return { client, transport };
  }

  const echo = async (client: McpClient, message: string) =>
    (await client.callTool({ name: 'echo', arguments: { message } })).content[0]?.text;
  const slow = { name: 'trigger-long-running-operation', arguments: { duration: 60, steps: 2 } };
  const failureOf = (promise: Promise<unknown>) =>
    promise.then(
      () => 'no failure',
      (error: unknown) => error,
    );

  beforeEach(() => {
    toolLists.length = 0;
    closed = 0;
  });
  afterEach(cleanUp);

  it('lists tools and calls them', async () => {
    const { client } = await connect();
    expect(client.getServerVersion()?.name).toContain('everything');
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain(slow.name);
    expect(await echo(client, 'one')).toBe('Echo: one');
    expect(closed).toBe(0);
  });

  it('fails what is in flight when the server is killed, and the client stays connected', async () => {
    const { client, transport } = await connect();
    const failure = failureOf(client.callTool(slow));
    const [pid = 0] = servers();
    process.kill(pid, 'SIGKILL');
    expect(await failure).toMatchObject({
      code: -32_000,
      message: expect.stringMatching(/the server ended: (success|exit-code|signal) \(/),
    });
    expect(await echo(client, 'two')).toBe('Echo: two');
    expect(transport.worker.status$.value).toMatchObject({ state: 'running', generation: 2 });
    expect(closed).toBe(0);
    // The lists are read anew.
    await eventually(() => toolLists.length > 0);
    expect(toolLists[0]).toBeGreaterThan(5);
  });

  it('lets a call that comes while the server restarts wait for it', async () => {
    const { client, transport } = await connect();
    process.kill(servers()[0] ?? 0, 'SIGKILL');
    await first(transport.worker.status$, ({ state }) => state !== 'running');
    expect(await echo(client, 'meanwhile')).toBe('Echo: meanwhile');
  });

  it('leaves nothing behind at close(), of a server that ignores end-of-file either', async () => {
    const { client } = await connect(stubborn, { stop: { endInputMs: 200, terminateMs: 10_000 } });
    const pids = servers();
    expect(pids.length).toBeGreaterThan(0);
    await client.close();
    expect(pids.filter(isAlive)).toEqual([]);
    expect(closed).toBe(1);
  });

  it("where StdioClientTransport leaves a server behind, and is closed for good by the server's end", async () => {
    const transport = new StdioClientTransport({
      command: stubborn[0],
      args: stubborn.slice(1),
      stderr: 'ignore',
    });
    const client = newClient();
    await client.connect(transport);
    const pids = servers();
    await client.close();
    const left = pids.filter(isAlive);
    for (const pid of left) process.kill(pid, 'SIGKILL');
    expect(left).toHaveLength(1);

    const other = newClient();
    await other.connect(
      new StdioClientTransport({ command: server[0], args: server.slice(1), stderr: 'ignore' }),
    );
    const failure = failureOf(other.callTool(slow));
    process.kill(servers()[0] ?? 0, 'SIGKILL');
    expect(await failure).toMatchObject({ code: -32_000 });
    expect(await failureOf(echo(other, 'again'))).toMatchObject({ message: 'Not connected' });
  });

  it('emits the stderr of every run', async () => {
    const { client, transport } = await connect();
    const lines: string[] = [];
    transport.worker.stderr$.subscribe((line) => lines.push(line));
    await Promise.all([
      transport.worker.restart(),
      first(transport.worker.stderr$, (line) => line.includes('default (STDIO)')),
    ]);
    expect(await echo(client, 'restarted')).toBe('Echo: restarted');
    expect(lines.length).toBeGreaterThan(0);
  });

  it('gives the server no secrets of the host', async () => {
    process.env.SECRET_OF_THE_HOST = 'hush';
    try {
      const { client } = await connect(server, { env: { MINE: 'yes' } });
      const text = (await client.callTool({ name: 'get-env', arguments: {} })).content[0]?.text;
      const env = JSON.parse(text ?? '') as Record<string, string>;
      expect(env).toMatchObject({ MINE: 'yes', PATH: process.env.PATH });
      expect(env).not.toHaveProperty('SECRET_OF_THE_HOST');
    } finally {
      delete process.env.SECRET_OF_THE_HOST;
    }
    // As the client's own.
    const names = Object.keys(getDefaultEnvironment());
    expect(names.filter((name) => !SAFE_ENV.includes(name))).toEqual([]);
  });

  it('says why a server could not be started, or ended at once', async () => {
    const missing = failureOf(connect(['there-is-no-such-server']));
    expect(await missing).toBeInstanceOf(SpawnError);
    const broken = failureOf(connect(['sh', '-c', 'read -r line; echo broken >&2; exit 3']));
    expect(await broken).toMatchObject({
      message: expect.stringContaining('the server ended: exit-code (3)'),
      data: 'broken\n',
    });
  });

  it('reports a line that is not JSON, and goes on', async () => {
    const errors: Error[] = [];
    const noisy = wrapped(`echo hello; "${process.execPath}" "${everything}" stdio`);
    const transport = new WorkerTransport(noisy);
    use({ [Symbol.asyncDispose]: () => transport.close() });
    const client = newClient();
    client.onerror = (error) => errors.push(error);
    await client.connect(transport);
    expect(await echo(client, 'one')).toBe('Echo: one');
    expect(errors.map(({ message }) => message)).toEqual(['not JSON: "hello"']);
  });

  it('is closed when the restart policy gives up', async () => {
    const errors: Error[] = [];
    const { client, transport } = await connect(server, {
      supervise: restartOnExit({ maxRestarts: 0 }),
    });
    client.onerror = (error) => errors.push(error);
    process.kill(
      transport.worker.status$.value.state === 'running' ? (servers()[0] ?? 0) : 0,
      'SIGKILL',
    );
    await eventually(() => closed === 1);
    expect(await failureOf(echo(client, 'late'))).toMatchObject({ message: 'Not connected' });
  });
});

describe('WorkerTransport', () => {
  afterEach(cleanUp);

  it.each([
    [{ codec: {} }, 'unknown option codec'],
    [{ announceRestart: true }, 'did you mean announceRestarts?'],
    [{ announceRestarts: 1 }, 'announceRestarts must be a boolean'],
  ])('refuses %p', (options: any, message) => {
    expect(() => new WorkerTransport('x', options)).toThrow(message);
  });

  it('gives a response of the client to no other run than the one that asked', async () => {
    const script = 'echo \'{"jsonrpc":"2.0","id":1,"method":"ping"}\'; cat';
    const transport = new WorkerTransport(['sh', '-c', script]);
    use({ [Symbol.asyncDispose]: () => transport.close() });
    const asked: RpcMessage[] = [];
    const observed: RpcMessage[] = [];
    transport.worker.output$.subscribe((message) => observed.push(message));
    transport.onmessage = (message) => asked.push(message);
    await transport.start();
    await eventually(() => asked.length === 1);
    await transport.send({ jsonrpc: '2.0', id: 1, result: {} });
    await eventually(() => observed.length === 2);
    await transport.send({ jsonrpc: '2.0', id: 1, result: 'twice' });
    await transport.send({ jsonrpc: '2.0', method: 'notifications/mark' });
    await eventually(() => observed.length >= 3);
    expect(observed.slice(1)).toEqual([
      { jsonrpc: '2.0', id: 1, result: {} },
      { jsonrpc: '2.0', method: 'notifications/mark' },
    ]);
    await until(transport.worker, 'running');
    expect(
      readFileSync(`/proc/${(transport.worker.status$.value as { pid: number }).pid}/comm`, 'utf8'),
    ).toBe('sh\n');
  });
});
