// The host: serves the page, and runs one calculator for each.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { createWorker } from 'simple-ipc';
import { createHost, expose, serveSockets, type RemoteOf } from 'simple-ipc/host';
import { WebSocketServer } from 'ws';

const { PORT = '8080', TOKEN = randomBytes(16).toString('hex') } = process.env;
const pathOf = (file: string) => fileURLToPath(new URL(file, import.meta.url));

const calculator = expose(
  () =>
    createWorker(['bc', '--quiet', '--mathlib'], {
      env: { ...process.env, BC_LINE_LENGTH: '0' },
      stop: { endInputMs: 100 },
    }),
  { allow: ['output', 'stderr', 'send', 'control'] },
);
export type Calculator = RemoteOf<typeof calculator>;

const host = createHost({
  workers: { calculator },
  authorize: ({ token }) => (token === TOKEN ? { id: 'page' } : undefined),
});

const [page] = buildSync({
  entryPoints: [pathOf('page.ts')],
  tsconfig: pathOf('tsconfig.json'),
  bundle: true,
  format: 'esm',
  minify: true,
  write: false,
}).outputFiles;
const html = readFileSync(pathOf('index.html'), 'utf8').replace('%TOKEN%', TOKEN);
const files: Readonly<Record<string, readonly [type: string, content: string]>> = {
  '/': ['text/html', html],
  '/page.js': ['text/javascript', page?.text ?? ''],
  '/page.css': ['text/css', readFileSync(pathOf('page.css'), 'utf8')],
};

const server = createServer(({ url = '/', headers }, response) => {
  // Another name for this address is another site's (DNS rebinding): it must not read the token.
  const file = headers.host === address && Object.hasOwn(files, url) ? files[url] : undefined;
  const [type, content] = file ?? ['text/plain', 'not found'];
  response.writeHead(file ? 200 : 404, {
    'content-type': `${type}; charset=utf-8`,
    'content-security-policy': "default-src 'self'; img-src data:",
  });
  response.end(content);
});
server.listen(Number(PORT), '127.0.0.1');
await once(server, 'listening');
const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;

const sockets = new WebSocketServer({
  noServer: true,
  maxPayload: 2 ** 21,
  perMessageDeflate: false,
});
serveSockets(server, sockets, host, { origins: [`http://${address}`], hosts: [address] });
console.log(`http://${address}/`);

process.once('SIGINT', () => void close()).once('SIGTERM', () => void close());
async function close(): Promise<void> {
  await host.close();
  server.close();
  server.closeAllConnections();
}
