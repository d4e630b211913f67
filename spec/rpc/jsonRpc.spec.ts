import { internalsOf } from '../../src/contract/internals.js';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { firstValueFrom, map, mergeMap, NEVER, VirtualTimeScheduler, type Observable } from 'rxjs';
import {
  contentLength,
  createWorker,
  ExitError,
  jsonLines,
  NotRunningError,
  ReplyTimeoutError,
  restartOnExit,
  type Command,
} from 'simple-ipc';
import { jsonRpc, JsonRpcError, type JsonRpcOptions, type RpcMessage } from 'simple-ipc/rpc';
import { advance, fakeProgram } from 'simple-ipc/testing';
import { observe } from '../support/fakeWorker.js';
import { cleanUp, eventually, first, until, use } from '../support/programs.js';

const programs = resolve(__dirname, '../../examples/programs/node_modules');
const codec = jsonLines<RpcMessage, RpcMessage>();

/** A conversation with a program in memory, which answers by `behaviour`. */
async function talk(
  behaviour: (message$: Observable<RpcMessage>) => Observable<RpcMessage> = () => NEVER,
  options?: JsonRpcOptions,
) {
  const scheduler = new VirtualTimeScheduler();
  const program = fakeProgram<RpcMessage, RpcMessage>(behaviour, { codec, scheduler });
  const supervise = restartOnExit({ when: 'always', delayMs: 10, jitter: false });
  const worker = createWorker('fake', { ...program.options, codec, supervise });
  const pass = (ms: number) => advance(scheduler, ms);
  use({
    async [Symbol.asyncDispose]() {
      await Promise.all([worker[Symbol.asyncDispose](), pass(100_000)]);
    },
  });
  const rpc = jsonRpc(worker, options);
  await pass(0);
  return { worker, program, rpc, pass };
}

const jsonrpc = '2.0';
const echo = mergeMap(({ id, method, params }: RpcMessage): RpcMessage[] =>
  id === undefined ? [] : [{ jsonrpc, id, result: { method, params } }],
);

describe('jsonRpc', () => {
  afterEach(cleanUp);

  describe('request', () => {
    it('emits the result and completes, whatever the order of the responses', async () => {
      const { rpc, program, pass } = await talk();
      const [one, two] = [observe(rpc.request('one')), observe(rpc.request('two', [2]))];
      await pass(0);
      const [first, second] = program.lastRun.received;
      expect([first, second]).toEqual([
        { jsonrpc, id: expect.any(String), method: 'one' },
        { jsonrpc, id: expect.any(String), method: 'two', params: [2] },
      ]);
      program.lastRun.print({ jsonrpc, id: second!.id!, result: null });
      program.lastRun.print({ jsonrpc, id: first!.id!, result: 1 });
      expect([one.values, one.end, two.values, two.end]).toEqual([
        [1],
        'complete',
        [null],
        'complete',
      ]);
    });

    it('is sent once per subscription', async () => {
      const { rpc, program, pass } = await talk(echo);
      const request$ = rpc.request('again');
      await pass(0);
      expect(program.lastRun.received).toEqual([]);
      const observed = [observe(request$), observe(request$)];
      await pass(0);
      expect(observed.map(({ end }) => end)).toEqual(['complete', 'complete']);
      expect(new Set(program.lastRun.received.map(({ id }) => id)).size).toBe(2);
    });

    it('errors with the code and the data of the answer', async () => {
      const error = { code: -32_602, message: 'no such file', data: { file: 'x' } };
      const { rpc, pass } = await talk(map(({ id = null }) => ({ jsonrpc, id, error })));
      const observed = observe(rpc.request('open'));
      await pass(0);
      expect(observed.end).toBeInstanceOf(JsonRpcError);
      expect(observed.end).toMatchObject({ name: 'JsonRpcError', ...error });
    });

    it.each([
      ['lsp', { method: '$/cancelRequest', params: (id: unknown) => ({ id }) }],
      [
        'mcp',
        { method: 'notifications/cancelled', params: (requestId: unknown) => ({ requestId }) },
      ],
    ] as const)('is cancelled by unsubscribing, in %s', async (dialect, { method, params }) => {
      const { rpc, program, pass } = await talk(undefined, { dialect });
      const observed = observe(rpc.request('slow'));
      await pass(0);
      observed.leave();
      await pass(0);
      const [request, cancel, ...more] = program.lastRun.received;
      expect(cancel).toEqual({ jsonrpc, method, params: params(request!.id) });
      expect(more).toEqual([]);
      // A late answer is none.
      program.lastRun.print({ jsonrpc, id: request!.id!, result: 1 });
      expect(observed).toMatchObject({ values: [], end: 'open' });
    });

    it('is not cancelled after its answer', async () => {
      const { rpc, program, pass } = await talk(echo);
      const observed = observe(rpc.request('quick'));
      await pass(0);
      observed.leave();
      await pass(0);
      expect(program.lastRun.received).toHaveLength(1);
    });

    it('errors after timeoutMs, and is cancelled', async () => {
      const { rpc, program, pass } = await talk();
      const end = await firstValueFrom(rpc.request('slow', {}, { timeoutMs: 5 })).catch(
        (error: unknown) => error,
      );
      expect(end).toBeInstanceOf(ReplyTimeoutError);
      await pass(0);
      expect(program.lastRun.received.at(-1)?.method).toBe('$/cancelRequest');
    });

    it.each([
      [
        'lsp',
        '$/progress',
        (token: unknown) => ({ token, value: { kind: 'begin' } }),
        'workDoneToken',
      ],
      [
        'mcp',
        'notifications/progress',
        (progressToken: unknown) => ({ progressToken, progress: 1, total: 2 }),
        '_meta',
      ],
    ] as const)('reports its progress, in %s', async (dialect, method, params, field) => {
      const { rpc, program, pass } = await talk(undefined, { dialect });
      const onProgress = jest.fn();
      observe(rpc.request('slow', { a: 1 }, { onProgress }));
      await pass(0);
      const [{ id, params: sent } = {}] = program.lastRun.received;
      expect(sent).toEqual({ a: 1, [field]: field === '_meta' ? { progressToken: id } : id });
      program.lastRun.print({ jsonrpc, method, params: params(id) });
      program.lastRun.print({ jsonrpc, method, params: params('of another') });
      const value = dialect === 'lsp' ? { kind: 'begin' } : params(id);
      expect(onProgress.mock.calls).toEqual([[value]]);
    });
  });

  describe('the end of a run', () => {
    it('fails what is in flight, and nothing is asked again', async () => {
      const { rpc, program, pass } = await talk();
      const observed = observe(rpc.request('slow'));
      await pass(0);
      program.lastRun.crash('SIGKILL');
      expect(observed.end).toBeInstanceOf(ExitError);
      await pass(1_000);
      expect(program.runs.map(({ received }) => received.length)).toEqual([1, 0]);
    });

    it('spares what waits for the next run', async () => {
      const { rpc, program, pass } = await talk(echo);
      program.lastRun.crash();
      const observed = observe(rpc.request('meanwhile'));
      expect(observed.end).toBe('open');
      await pass(1_000);
      expect(observed.values).toEqual([{ method: 'meanwhile', params: undefined }]);
    });

    it('fails what is in flight at a restart(), too', async () => {
      const { rpc, worker, pass } = await talk();
      const observed = observe(rpc.request('slow'));
      await Promise.all([worker.restart(), pass(10_000)]);
      expect(observed.end).toBeInstanceOf(NotRunningError);
    });

    it('is why what is asked at rest fails', async () => {
      const { rpc, worker, pass } = await talk();
      await Promise.all([worker.stop(), pass(10_000)]);
      expect(observe(rpc.request('late')).end).toBeInstanceOf(NotRunningError);
    });
  });

  describe('onRequest', () => {
    const ask = async (handle?: (params: unknown, signal: AbortSignal) => unknown) => {
      const talking = await talk();
      if (handle) talking.rpc.onRequest('ping', handle);
      talking.program.lastRun.print({ jsonrpc, id: 7, method: 'ping', params: { a: 1 } });
      await talking.pass(0);
      return talking;
    };

    it('answers with what the handler resolves', async () => {
      const { program } = await ask((params) => Promise.resolve({ params }));
      expect(program.lastRun.received).toEqual([{ jsonrpc, id: 7, result: { params: { a: 1 } } }]);
    });

    it('answers null for nothing', async () => {
      const { program } = await ask(() => undefined);
      expect(program.lastRun.received).toEqual([{ jsonrpc, id: 7, result: null }]);
    });

    it('answers with the error that it throws', async () => {
      const { program } = await ask(() => {
        throw new JsonRpcError('not now', -32_000, 'later');
      });
      const error = { code: -32_000, message: 'not now', data: 'later' };
      expect(program.lastRun.received).toEqual([{ jsonrpc, id: 7, error }]);
      const other = await ask(() => Promise.reject(new Error('a bug')));
      expect(other.program.lastRun.received).toEqual([
        { jsonrpc, id: 7, error: { code: -32_603, message: 'a bug' } },
      ]);
    });

    it('answers "method not found" without a handler', async () => {
      const { program } = await ask();
      expect(program.lastRun.received).toMatchObject([{ id: 7, error: { code: -32_601 } }]);
    });

    it('aborts the signal when the other side cancels, or its run ends, and answers no other run', async () => {
      const signals: AbortSignal[] = [];
      let answer: (result: unknown) => void = () => undefined;
      const { program, pass } = await ask((_params, signal) => {
        signals.push(signal);
        return new Promise((resolve) => (answer = resolve));
      });
      program.lastRun.print({ jsonrpc, method: '$/cancelRequest', params: { id: 7 } });
      expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
      program.lastRun.print({ jsonrpc, id: 8, method: 'ping' });
      program.lastRun.crash();
      expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
      await pass(1_000);
      answer('too late');
      await pass(0);
      expect(program.lastRun.received).toEqual([]);
    });
  });

  it('emits notifications, requests and responses are none', async () => {
    const { rpc, program } = await talk();
    const observed = observe(rpc.notifications$);
    program.lastRun.print({ jsonrpc, method: 'log', params: ['x'] });
    program.lastRun.print({ jsonrpc, id: 1, method: 'ping' });
    program.lastRun.print({ jsonrpc, id: 1, result: 1 });
    program.lastRun.print({ jsonrpc, id: null, error: { code: -32_700, message: 'Parse error' } });
    expect(observed.values).toEqual([{ method: 'log', params: ['x'] }]);
  });

  it('fails what is in flight when it is disposed, and lets go of the worker', async () => {
    const { rpc, program, pass } = await talk();
    const observed = observe(rpc.request('slow'));
    await pass(0);
    rpc[Symbol.dispose]();
    expect(observed.end).toBeInstanceOf(NotRunningError);
    program.lastRun.print({ jsonrpc, id: 1, method: 'ping' });
    await pass(0);
    expect(program.lastRun.received).toHaveLength(1);
  });

  it.each([
    [{ dialect: 'dap' }, "dialect must be 'lsp' or 'mcp', not dap"],
    [{ dialects: 'lsp' }, 'did you mean dialect?'],
  ])('refuses %p', async (options: any, message) => {
    const { worker } = await talk();
    expect(() => jsonRpc(worker, options)).toThrow(message);
  });

  // Language servers that nobody here wrote; they are initialized alike.
  const servers: [string, string, Command, string, string, number, string][] = [
    [
      'typescript-language-server',
      `${programs}/.bin/typescript-language-server`,
      [`${programs}/.bin/typescript-language-server`, '--stdio'],
      'typescript',
      '/** To everything. */\nexport const answer = 6 * 7;\n',
      1,
      'const answer: number',
    ],
    [
      'pylsp, in Python',
      '/usr/bin/pylsp',
      ['pylsp'],
      'python',
      'def answer():\n    return 42\n',
      0,
      'answer',
    ],
  ];

  describe.each(servers)('with %s', (name, path, command, languageId, text, line, shown) => {
    const itWith = existsSync(path) ? it : it.skip;

    itWith(`is initialized again for each run, and answers (skipped without ${name})`, async () => {
      const worker = use(
        createWorker(command, {
          codec: contentLength<RpcMessage, RpcMessage>(),
          supervise: restartOnExit({ when: 'always', delayMs: 10 }),
          stop: { endInputMs: 0 },
        }),
      );
      const rpc = jsonRpc(worker);
      rpc.onRequest('workspace/configuration', () => [null]);
      const uri = `file:///answer.${languageId === 'python' ? 'py' : 'ts'}`;
      const hover = async () => {
        const rootUri = pathToFileURL(resolve(__dirname, '../..')).href;
        const capabilities = { textDocument: { hover: { contentFormat: ['plaintext'] } } };
        await firstValueFrom(
          rpc.request('initialize', { processId: process.pid, rootUri, capabilities }),
        );
        rpc.notify('initialized', {});
        const textDocument = { uri, languageId, version: 1, text };
        rpc.notify('textDocument/didOpen', { textDocument });
        const position = { line, character: languageId === 'python' ? 5 : 14 };
        const reply$ = rpc.request('textDocument/hover', { textDocument: { uri }, position });
        return JSON.stringify(await firstValueFrom(reply$));
      };
      expect(await hover()).toContain(shown);

      const refused = await firstValueFrom(rpc.request('no/such/method')).catch(
        (error: unknown) => error,
      );
      expect(refused).toBeInstanceOf(JsonRpcError);
      expect(refused).toMatchObject({ code: -32_601 });

      // Suspended, it cannot have answered.
      const { pid } = await until(worker, 'running');
      process.kill(pid, 'SIGSTOP');
      const inFlight = observe(
        rpc.request('textDocument/hover', {
          textDocument: { uri },
          position: { line: 0, character: 0 },
        }),
      );
      await internalsOf(worker).input.flushed();
      process.kill(pid, 'SIGKILL');
      await eventually(() => inFlight.end !== 'open');
      expect(inFlight.end).toBeInstanceOf(ExitError);
      await first(
        worker.status$,
        (status) => status.state === 'running' && status.generation === 2,
      );
      expect(await hover()).toContain(shown);
    });
  });
});
