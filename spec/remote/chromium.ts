import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { take } from 'rxjs';
import { createWorker } from 'simple-ipc';
import { createHost, expose, serveSockets, type WorkerHost } from 'simple-ipc/host';
import { WebSocketServer } from 'ws';
import { afterThis, Proxy } from '../support/bridge.js';
import { sh } from '../support/programs.js';

const EXECUTABLE = '/usr/bin/chromium';
export const hasChromium = existsSync(EXECUTABLE);

/** The contents of the page: the client as a bundle, and helpers that count. */
const PAGE = `
import * as remote from './src/remote.ts';
window.watch = (name, url, token) => {
  const worker = remote.connectWorker(name, { link: remote.socketLink(url), token: () => token, delayMs: 20, maxDelayMs: 100 });
  const seen = { worker, lines: 0, last: '', missed: 0, gaps: [], bad: 0, states: [], rejected: [], maySkip: 0 };
  worker.output$.subscribe((line) => {
    if (Number(line) !== Number(seen.last) + 1 + seen.maySkip) seen.bad++;
    seen.maySkip = 0;
    seen.last = line;
    seen.lines++;
  });
  worker.gaps$.subscribe((gap) => { seen.gaps.push(gap.reason); seen.missed += gap.missed ?? 0; seen.maySkip += gap.missed ?? 0; });
  worker.connection$.subscribe(({ state }) => seen.states.push(state));
  worker.rejected$.subscribe(({ error }) => seen.rejected.push(error.name));
  return seen;
};
window.until = async (isSo) => { while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10)); };
window.ask = (worker, name, request) => new Promise((resolve, reject) => worker.ask(name, request).subscribe({ next: resolve, error: reject }));
window.remote = remote;
`;

/** By the command: its library leaves a service behind. */
export function bundle(): string {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [require.resolve('esbuild/bin/esbuild'), '--bundle', '--loader=ts', '--platform=browser'],
    { cwd: resolve(__dirname, '../..'), input: PAGE, encoding: 'utf8', maxBuffer: 2 ** 26 },
  );
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

/** As root in a container, and without the look-ups of a browser for people. */
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface Site {
  readonly origin: string;
  readonly proxied: string;
  readonly proxy: Proxy;
  readonly server: Server;
  host: WorkerHost;
  /** Ends the host and begins another, which takes another token. */
  restart(token: string): Promise<void>;
}

const workers = () => ({
  echo: expose(() => createWorker('cat'), { exchanges: { double: { reply: take(1) } } }),
  count: expose(() => createWorker(sh('while read -r n; do seq 1 "$n"; done'))),
  paused: expose(() => createWorker(sh('while read -r n; do seq 1 "$n"; done')), {
    bufferBytes: 512 * 1024,
    windowBytes: 128 * 1024,
  }),
  gappy: expose(() => createWorker(sh('while read -r n; do seq 1 "$n"; done')), {
    slow: 'gap',
    bufferBytes: 512 * 1024,
    windowBytes: 128 * 1024,
  }),
});

/** A page, its client and a host on one origin, and a proxy before the sockets. */
export async function site(script: string): Promise<Site> {
  const server = createServer((request, response) => {
    const isScript = request.url === '/client.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(
      isScript ? script : '<!doctype html><title>workers</title><script src="/client.js"></script>',
    );
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  const proxy = await Proxy.to(port);
  const proxyHost = new URL(proxy.url).host;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: 2 ** 21,
    perMessageDeflate: false,
  });
  const begin = (expected: string) => {
    const host = createHost({
      workers: workers(),
      authorize: ({ token }) => (token === expected ? { id: 'user' } : undefined),
      beatMs: 5_000,
    });
    const listening = serveSockets(server, sockets, host, {
      origins: [origin],
      hosts: [`127.0.0.1:${port}`, proxyHost],
    });
    return { host, listening };
  };
  let { host, listening } = begin('first');
  afterThis(async () => {
    listening.unsubscribe();
    await host.close();
    for (const socket of sockets.clients) socket.terminate();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  return {
    origin,
    proxied: proxy.url,
    proxy,
    server,
    get host() {
      return host;
    },
    restart: async (token) => {
      listening.unsubscribe();
      await host.close();
      ({ host, listening } = begin(token));
    },
  };
}

/** A page in a browser of its own, which is ended after the test. */
export async function open(origin: string): Promise<Page> {
  const browser = await chromium.launch({ executablePath: EXECUTABLE, args: ARGS });
  afterThis(() => browser.close());
  const page = await browser.newPage();
  await page.goto(origin);
  return page;
}
