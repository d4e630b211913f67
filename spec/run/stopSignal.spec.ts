import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { NEVER, VirtualTimeScheduler } from 'rxjs';
import { createWorker, fromCommand } from 'simple-ipc';
import { advance, fakeProgram } from 'simple-ipc/testing';
import {
  cleanUp,
  eventually,
  first,
  isAlive,
  record,
  sh,
  temporaryFolder,
  until,
  use,
} from '../support/programs.js';

const isThere = (file: string) => !spawnSync(file, ['--version']).error;
/** Skips what needs a program that is not there, with words. */
const itWith = (file: string, fact: string, test: () => Promise<void>) =>
  isThere(file) ? it(fact, test) : it.skip(`${fact} (skipped: there is no ${file})`, test);

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Nothing here reads stdin, and no stop is to be helped by SIGKILL. */
const patient = { endInputMs: 0, terminateMs: 60_000 };

describe('stop: { signal }', () => {
  afterEach(cleanUp);

  it('is sent in the place of SIGTERM, with SIGCONT, before SIGKILL', async () => {
    const scheduler = new VirtualTimeScheduler();
    const fake = fakeProgram(() => NEVER, { scheduler, ignores: ['eof', 'SIGQUIT'] });
    const worker = use(createWorker('fake', { ...fake.options, stop: { signal: 'SIGQUIT' } }));
    const { states } = record(worker);
    await advance(scheduler, 0);
    await Promise.all([worker.stop(), advance(scheduler, 10_000)]);
    expect(fake.lastRun.signals).toEqual(['SIGQUIT', 'SIGCONT', 'SIGKILL']);
    expect(states.slice(2)).toEqual(['stopping eof', 'stopping term', 'stopping kill', 'stopped']);
  });

  it('is SIGTERM by default', async () => {
    const scheduler = new VirtualTimeScheduler();
    const fake = fakeProgram(() => NEVER, { scheduler, ignores: ['eof'] });
    const worker = use(createWorker('fake', fake.options));
    await advance(scheduler, 0);
    await Promise.all([worker.stop(), advance(scheduler, 10_000)]);
    expect(fake.lastRun.signals).toEqual(['SIGTERM', 'SIGCONT']);
  });

  const cleaning = [
    'python3',
    '-uc',
    `import time
try:
    print("up")
    time.sleep(1000)
except KeyboardInterrupt:
    pass
finally:
    print("cleaned up")`,
  ];

  itWith('python3', 'SIGINT lets a Python program clean up, SIGTERM does not', async () => {
    const ended = [];
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const worker = use(createWorker(cleaning, { stop: { ...patient, signal } }));
      const { output } = record(worker);
      await first(worker.output$);
      await worker.stop();
      const { exit } = await until(worker, 'stopped');
      ended.push([output, exit?.code, exit?.signal]);
    }
    expect(ended).toEqual([
      [['up', 'cleaned up'], 0, null],
      [['up'], null, 'SIGTERM'],
    ]);
  });

  itWith('python3', 'is what the program gets when a cold stream is unsubscribed', async () => {
    const folder = temporaryFolder();
    const script = `import os, time
try:
    print(os.getpid())
    time.sleep(1000)
except KeyboardInterrupt:
    open("interrupted", "w").close()`;
    let pid = 0;
    const options = { cwd: folder, stop: { ...patient, signal: 'SIGINT' } } as const;
    const program = fromCommand(['python3', '-uc', script], options).subscribe(
      (line) => (pid = Number(line)),
    );
    await eventually(() => pid > 0);
    program.unsubscribe();
    await eventually(() => !isAlive(pid));
    expect(spawnSync('ls', { cwd: folder, encoding: 'utf8' }).stdout).toBe('interrupted\n');
  });

  it('is not what a descendant gets that is left: a background job ignores SIGINT', async () => {
    const script = "trap 'exit 0' INT; sleep 1000 & echo $!; while :; do sleep 0.05; done";
    const worker = use(createWorker(sh(script), { stop: { ...patient, signal: 'SIGINT' } }));
    const { states } = record(worker);
    const pid = Number(await first(worker.output$));
    await worker.stop();
    expect(isAlive(pid)).toBe(false);
    expect(states.slice(2)).toEqual(['stopping eof', 'stopping term', 'stopped']);
    expect(worker.status$.value).toMatchObject({ exit: { code: 0 } });
  });

  itWith('nginx', 'SIGQUIT lets nginx finish a download', async () => {
    const folder = temporaryFolder();
    const port = await freePort();
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, 'logs'));
    writeFileSync(join(folder, 'slow.bin'), 'x'.repeat(300_000));
    writeFileSync(
      join(folder, 'nginx.conf'),
      `daemon off; pid nginx.pid; error_log stderr notice; events {}
       http { access_log off; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3;
         uwsgi_temp_path t4; scgi_temp_path t5;
         server { listen 127.0.0.1:${port}; root ${folder}; location / { limit_rate 200k; } } }`,
    );
    const nginx = use(
      createWorker(['nginx', '-p', folder, '-c', 'nginx.conf'], {
        stop: { ...patient, signal: 'SIGQUIT' },
      }),
    );
    await first(nginx.stderr$, (line) => line.includes('start worker process '));
    const [response] = (await once(
      get(`http://127.0.0.1:${port}/slow.bin`, { agent: false }),
      'response',
    )) as [IncomingMessage];
    const stopped = nginx.stop();
    const body = await buffer(response);
    await stopped;
    expect(body).toHaveLength(300_000);
    expect(nginx.status$.value).toMatchObject({ state: 'stopped', exit: { code: 0 } });
  });

  const bin = '/usr/lib/postgresql/15/bin';

  itWith(`${bin}/postgres`, 'SIGINT ends PostgreSQL although a client is connected', async () => {
    const folder = temporaryFolder();
    // It does not run as root.
    const isRoot = process.getuid?.() === 0;
    const [uid, gid] = ['-u', '-g'].map((which) =>
      Number(spawnSync('id', [which, 'postgres'], { encoding: 'utf8' }).stdout),
    );
    const user = isRoot ? { uid: uid ?? 0, gid: gid ?? 0 } : {};
    chmodSync(folder, 0o777);
    const data = join(folder, 'data');
    const made = spawnSync(
      `${bin}/initdb`,
      ['-D', data, '-U', 'me', '-A', 'trust', '--no-sync', '--no-locale'],
      { ...user, encoding: 'utf8' },
    );
    expect(made.stderr).toBe('');
    const database = use(
      createWorker([`${bin}/postgres`, '-D', data, '-k', folder, '-c', 'listen_addresses='], {
        ...user,
        stop: { ...patient, signal: 'SIGINT' },
      }),
    );
    const { stderr } = record(database);
    await first(database.stderr$, (line) => line.includes('ready to accept'));
    const psql = ['psql', '-h', folder, '-U', 'me', '-d', 'postgres', '-At'];
    const client = use(createWorker(psql));
    const answer = first(client.output$);
    client.send.next('select 6 * 7;');
    expect(await answer).toBe('42');
    await database.stop();
    expect(stderr.join('\n')).toContain('received fast shutdown request');
    expect(database.status$.value).toMatchObject({ state: 'stopped', exit: { code: 0 } });
  });
});
