import * as angularCore from '@angular/core';
import * as angularInterop from '@angular/core/rxjs-interop';
import * as nestCommon from '@nestjs/common';
import * as nestTerminus from '@nestjs/terminus';
import * as nestTesting from '@nestjs/testing';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import * as rxjs from 'rxjs';
import * as simpleIpc from 'simple-ipc';
import * as host from 'simple-ipc/host';
import { createHost, expose } from 'simple-ipc/host';
import * as angular from 'simple-ipc/angular';
import * as imperative from 'simple-ipc/imperative';
import * as nats from 'simple-ipc/nats';
import * as nestjs from 'simple-ipc/nestjs';
import * as remote from 'simple-ipc/remote';
import * as mcp from 'simple-ipc/mcp';
import * as rpc from 'simple-ipc/rpc';
import * as testing from 'simple-ipc/testing';
import {
  codeBlocksOf,
  examplesInSources,
  exportedBy,
  toCommonJs,
  typeErrorsIn,
  withImports,
  type CodeBlock,
} from './support/codeBlocks.js';
import { eventually } from './support/programs.js';

/** The names that short examples use without a declaration. */
const PRELUDE = `
declare module 'prelude' {
  import type { Observable, VirtualTimeScheduler } from 'rxjs';
  import type { NatsConnection } from '@nats-io/nats-core';
  import type { INestApplicationContext, Type } from '@nestjs/common';
  import type { ReactiveWorker, WorkerOptions } from 'simple-ipc';
  import type { PortLike, RemoteWorker } from 'simple-ipc/remote';
  export interface Message { readonly id: number }
  export interface Request { readonly method: string }
  export interface Reply { readonly result: unknown }
  export const query$: Observable<string>;
  export const searches$: Observable<string>;
  export const positions$: Observable<string>;
  export const documents$: Observable<string>;
  export const requests$: Observable<Message>;
  export const engine: ReactiveWorker;
  export const worker: ReactiveWorker;
  export const server: ReactiveWorker<Message, Message>;
  export const database: { insert(line: string): Promise<number> };
  export const store: (line: string) => Promise<void>;
  export const readLines: () => AsyncIterable<string>;
  export const createLines: () => Iterable<string>;
  export const file: string;
  export const scheduler: VirtualTimeScheduler;
  export const connection: NatsConnection;
  export interface Engine extends RemoteWorker<string, string> {}
  export const Session: new () => { token(): Promise<string> };
  export const openPort: (name: string) => PortLike;
  export const app: INestApplicationContext;
  export const AppModule: Type;
  export const EngineService: new (options: WorkerOptions) => object;
}`;

/** The same for the examples of the bridge, whose workers are remote. */
const BRIDGE_PRELUDE = `
declare module 'bridge' {
  import type { Server } from 'node:http';
  import type { MessagePort, Worker } from 'node:worker_threads';
  import type { Observable } from 'rxjs';
  import type { Client, SocketOptions, WorkerHost } from 'simple-ipc/host';
  import type { Link, RemoteWorker } from 'simple-ipc/remote';
  import type { WebSocketServer } from 'ws';
  export const worker: RemoteWorker;
  export const host: WorkerHost;
  export const link: Link;
  export const options: SocketOptions;
  export const server: Server;
  export const gateway: WebSocketServer;
  export const thread: Worker;
  export const parentPort: MessagePort;
  export const accounts: ReadonlyMap<unknown, Client>;
  export const verify: (token: unknown) => Promise<Client | undefined>;
  export const pages$: Observable<string>;
  export const location: { assign(url: string): void };
}`;

const modules = {
  rxjs,
  'simple-ipc': simpleIpc,
  'simple-ipc/imperative': imperative,
  'simple-ipc/nats': nats,
  'simple-ipc/nestjs': nestjs,
  'simple-ipc/mcp': mcp,
  'simple-ipc/rpc': rpc,
  'simple-ipc/testing': testing,
};

/** Packages that the examples of one folder use besides. */
const frameworks = {
  'src/angular/': {
    '@angular/core': angularCore,
    '@angular/core/rxjs-interop': angularInterop,
    '@angular/core/testing': { TestBed: undefined }, // Needs Angular's compiler.
    'simple-ipc/angular': angular,
    'simple-ipc/host': { createHost, expose },
    'simple-ipc/remote': remote,
  },
  'src/nestjs/': {
    '@nestjs/common': nestCommon,
    '@nestjs/terminus': nestTerminus,
    '@nestjs/testing': nestTesting,
  },
};

const namesOf = (packages: Record<string, object>) =>
  Object.fromEntries(Object.entries(packages).map(([name, all]) => [name, Object.keys(all)]));

/** The declarations that examples of the bridge assume. */
const bridge = {
  ...namesOf({ rxjs }),
  'simple-ipc': Object.keys(simpleIpc),
  'simple-ipc/remote': [
    ...Object.keys(remote).filter((name) => !(name in simpleIpc)),
    'type RemoteStatus',
    'type PortLike',
  ],
  'simple-ipc/host': [
    ...Object.keys(host).filter((name) => !(name in remote)),
    'type Client',
    'type RemoteOf',
  ],
  ws: ['WebSocket', 'WebSocketServer'],
  bridge: exportedBy(BRIDGE_PRELUDE),
};

/** A short example, with what it takes for granted. */
const complete = (block: CodeBlock) => {
  if (/^src\/(host|link|remote)\//.test(block.name)) return withImports(block, bridge);
  const framework = Object.entries(frameworks).find(([folder]) => block.name.startsWith(folder));
  return withImports(block, {
    ...namesOf({ ...modules, ...framework?.[1] }),
    'simple-ipc': [...Object.keys(simpleIpc), 'type ReactiveWorker'],
    prelude: exportedBy(PRELUDE),
  });
};

const pages = readdirSync(resolve(__dirname, '../docs'), { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.md') && !file.startsWith('api/'))
  .flatMap((file) => codeBlocksOf(`docs/${file}`));
const examples = examplesInSources();
const readme = codeBlocksOf('README.md');

describe('the code in the documents', () => {
  it('is found', () => {
    expect(pages.length).toBeGreaterThan(50);
    expect(readme.length).toBeGreaterThan(5);
  });

  it('has an example for each function and class of the public entries', () => {
    const shown = examples.map(({ text }) => text).join('\n');
    const names = [simpleIpc, imperative, nats, nestjs, mcp, rpc, testing, remote, host].flatMap(
      (module) =>
        Object.entries(module).flatMap(([name, value]) =>
          typeof value === 'function' ? [name] : [],
        ),
    );
    const isShown = (name: string) =>
      name.endsWith('Error') || new RegExp(`${name}[(<.]`).test(shown);
    expect(names.filter((name) => !isShown(name))).toEqual([]);
  });

  it('has no type errors, and a wrong example would have one', () => {
    const wrong = {
      name: 'wrong.ts',
      text: "import { createWorker } from 'simple-ipc';\ncreateWorker(1);",
    };
    const blocks = [...pages, ...[...readme, ...examples].map(complete), wrong];
    expect(typeErrorsIn(blocks, { 'ambient.d.ts': PRELUDE + BRIDGE_PRELUDE })).toEqual([
      expect.stringMatching(/^wrong\.ts, line 2: .*number/),
    ]);
  });

  describe('that is a spec, passes:', () => {
    const known: Record<string, unknown> = { ...modules, ...frameworks['src/nestjs/'] };
    for (const name of [
      'OracleService.ts',
      'OracleService.spec.ts',
      'scores.ts',
      'scores.spec.ts',
    ]) {
      const script = toCommonJs(pages.find((block) => block.name === `docs/${name}`)!);
      const exported = {};
      // In this realm, which has jest's globals.
      // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call
      new Function('require', 'exports', script)((path: string) => known[path], exported);
      known[`./${name.replace('.ts', '.js')}`] = exported;
    }
  });
});

/** Runs an example to its end, and until it has printed so many lines. */
async function run(file: string, lines: number): Promise<string[]> {
  const printed: string[] = [];
  const console = { log: (line: unknown) => printed.push(String(line)) };
  const example = complete(examples.find(({ name }) => name.startsWith(`${file}:`))!);
  const script = `return (async () => { ${toCommonJs(example)} })();`;
  const known = { ...modules, prelude: { scheduler: new rxjs.VirtualTimeScheduler() } };
  // In this realm, where the programs are ended after the test.
  // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call
  await new Function('require', 'exports', 'console', script)(
    (path: keyof typeof known) => known[path],
    {},
    console,
  );
  await eventually(() => printed.length >= lines);
  return printed;
}

const itWith = (program: string) =>
  spawnSync(program, { input: '', timeout: 10_000 }).error ? it.skip : it;

describe('the examples in the documentation of the sources print the results that they show:', () => {
  afterEach(() => jest.restoreAllMocks());

  itWith('bc')('createWorker', async () => {
    expect(await run('src/worker/createWorker.ts', 1)).toEqual(['42']);
  });

  itWith('bc')('the Worker of simple-ipc/imperative', async () => {
    jest.spyOn(console, 'log').mockImplementation();
    expect(await run('src/imperative.ts', 1)).toEqual(['42']);
  });

  it('through', async () => {
    expect(await run('src/life/through.ts', 2)).toEqual(['a', 'b']);
  });

  it('fakeProgram', async () => {
    expect(await run('src/testing/fakeProgram.ts', 1)).toEqual(['42']);
  });
});
