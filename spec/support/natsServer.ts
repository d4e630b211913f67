import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createWorker, type ReactiveWorker } from 'simple-ipc';
import { eventually, until } from './programs.js';

const isInstalled = (process.env.PATH ?? '')
  .split(delimiter)
  .some((folder) => existsSync(join(folder, 'nats-server')));

/** `describe`, where there is a broker: Debian's package is `nats-server`. */
export const describeWithNats = isInstalled
  ? describe
  : (title: string, _tests: () => void) =>
      describe.skip(`${title} (there is no nats-server: apt-get install nats-server)`, _tests);

/** A broker on a port of its own. */
export interface NatsServer extends AsyncDisposable {
  /** Where it is: `127.0.0.1:4222`. */
  readonly servers: string;
  /** Ends it at once, without its knowledge; settles when it is gone. */
  kill(): Promise<void>;
  /** Starts it again, at the same port, with what it had stored in files. */
  start(): Promise<void>;
}

/** Starts a broker with JetStream. @param config - lines of its configuration file. */
export async function startNats(config = ''): Promise<NatsServer> {
  const folder = mkdtempSync(join(tmpdir(), 'nats-'));
  let port = '-1';
  let worker: ReactiveWorker;
  const start = async (): Promise<void> => {
    const file = join(folder, 'nats.conf');
    const jetstream = `jetstream { store_dir: ${JSON.stringify(folder)} }`;
    const listen = `host: 127.0.0.1, port: ${port}, ports_file_dir: ${JSON.stringify(folder)}`;
    writeFileSync(file, `${listen}\n${jetstream}\n${config}\n`);
    worker = createWorker(['nats-server', '-c', file], { stop: { endInputMs: 0 } });
    await eventually(
      () => portsIn(folder) !== undefined || worker.status$.value.state === 'failed',
    );
    const { value } = worker.status$;
    if (value.state === 'failed') throw value.error;
    port = portsIn(folder) ?? port;
    await until(worker, 'running');
  };
  await start();
  return {
    servers: `127.0.0.1:${port}`,
    start,
    async kill() {
      const { value } = worker.status$;
      if (value.state === 'running') process.kill(value.pid, 'SIGKILL');
      await worker[Symbol.asyncDispose]();
      for (const name of portFiles(folder)) rmSync(join(folder, name));
    },
    async [Symbol.asyncDispose]() {
      await worker[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const portFiles = (folder: string) => readdirSync(folder).filter((name) => name.endsWith('.ports'));

/** The broker writes down where it listens, when it does. */
function portsIn(folder: string): string | undefined {
  const [name] = portFiles(folder);
  if (name === undefined) return undefined;
  const text = readFileSync(join(folder, name), 'utf8');
  // It may just be being written.
  const [url] = text.endsWith('}') ? (JSON.parse(text) as { nats: string[] }).nats : [];
  return url && new URL(url).port;
}
