import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastValueFrom, toArray } from 'rxjs';
import { createWorker, fromCommand } from 'simple-ipc';
import {
  cleanUp,
  eventually,
  first,
  fixture,
  groupOf,
  isAlive,
  record,
  temporaryFolder,
  until,
  use,
  watchWarnings,
} from '../support/programs.js';

// Where init reaps late, a group has zombies for a while.
const stop = { endInputMs: 100, terminateMs: 200, killMs: 200, drainMs: 200 };
const patient = { ...stop, drainMs: 30_000 };

const onLinux = process.platform === 'linux' ? it : it.skip;

describe('the program leaves descendants', () => {
  const strangers: number[] = [];
  beforeEach(watchWarnings);
  afterEach(async () => {
    for (const pid of strangers.splice(0)) process.kill(pid, 'SIGKILL');
    await cleanUp();
  });

  it('15: a grandchild in the group holds stdout: exited within drainMs, the grandchild ended', async () => {
    const worker = use(
      createWorker(fixture('leaveBehind.mjs', 'group', 'sleep', '1000'), { stop }),
    );
    const { states } = record(worker);
    const pid = Number(await first(worker.output$));
    expect(isAlive(pid)).toBe(true);
    const { exit } = await until(worker, 'exited');
    expect(exit).toMatchObject({ code: 0, reason: 'success' });
    expect(isAlive(pid)).toBe(false);
    expect(states).toEqual(['starting', 'running', 'exited']);
  });

  it('15: a grandchild in the group that ignores SIGTERM holds stdout: likewise', async () => {
    const worker = use(createWorker(fixture('ignoreEofAndSigterm.sh'), { stop }));
    record(worker);
    const pids = (await first(worker.output$)).split(' ').map(Number);
    process.kill(pids[0]!, 'SIGKILL');
    const { error } = await until(worker, 'failed');
    expect(error).toMatchObject({ exit: { signal: 'SIGKILL' } });
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('15: a grandchild in a session of its own holds stdout: exited within drainMs', async () => {
    const worker = use(
      createWorker(fixture('leaveBehind.mjs', 'session', 'sleep', '1000'), { stop }),
    );
    const { all } = record(worker);
    const pid = Number(await first(worker.output$));
    strangers.push(pid);
    // It sleeps for 1,000 s: whoever waited for it would not get here.
    const { exit } = await until(worker, 'exited');
    expect(exit).toMatchObject({ code: 0, reason: 'success' });
    expect(all).toEqual(['starting', 'running', String(pid), 'exited']);
    // It is not ours to end.
    expect(isAlive(pid)).toBe(true);
  });

  it('15: a grandchild in a session of its own never stops writing: exited within drainMs', async () => {
    const worker = use(createWorker(fixture('leaveBehind.mjs', 'session', 'yes'), { stop }));
    const pid = Number(await first(worker.output$));
    const { exit } = await until(worker, 'exited');
    expect(exit).toMatchObject({ code: 0, reason: 'success' });
    // Nobody reads what it writes any more.
    await eventually(() => !isAlive(pid));
  });

  onLinux(
    '15: what a grandchild wrote within drainMs arrives, though the host was busy',
    async () => {
      const [go, done] = ['go', 'done'].map((name) => join(temporaryFolder(), name)) as [
        string,
        string,
      ];
      const late = `until [ -e ${go} ]; do sleep 0.01; done; seq 20000; echo > ${done}; exec sleep 1000`;
      const command = fixture('leaveBehind.mjs', 'session', 'sh', '-c', late);
      const drainMs = 3_000;
      const worker = use(createWorker(command, { stop: { ...stop, drainMs } }));
      const { output } = record(worker);
      strangers.push(Number(await first(worker.output$)));
      const { pid } = await until(worker, 'running');
      await eventually(() => !existsSync(`/proc/${String(pid)}`));
      // After an immediate the event loop runs timers, then reads.
      await new Promise((resolve) => setImmediate(resolve));
      writeFileSync(go, '');
      const isOver = performance.now() + drainMs;
      while (!existsSync(done) || performance.now() < isOver);
      await until(worker, 'exited');
      expect(output.at(-1)).toBe('20000');
      expect(output.length).toBe(1 + 20_000);
    },
  );

  it('15: 200,000 lines that a `> >(sort)` still writes arrive', async () => {
    // It lets its first line go when bash has long exited.
    const late = '> >(sort -n | { read -r line; sleep 0.3; echo "$line"; cat; })';
    const command = ['bash', '-c', `seq 200000 ${late}`];
    const worker = use(createWorker(command, { stop: patient }));
    let firstLineAt = 0;
    const startedAt = performance.now();
    worker.output$.subscribe(() => (firstLineAt ||= performance.now()));
    const { output, all } = record(worker);
    const { exit } = await until(worker, 'exited');
    expect(exit.uptimeMs).toBeLessThan(firstLineAt - startedAt);
    expect(output.length).toBe(200_000);
    expect(output.every((line, i) => line === String(i + 1))).toBe(true);
    expect(all.at(-1)).toBe('exited');
  });

  it('15: the same through fromCommand', async () => {
    const command = ['bash', '-c', 'seq 200000 > >(sort -n)'];
    const lines = await lastValueFrom(fromCommand(command, { stop: patient }).pipe(toArray()));
    expect(lines.length).toBe(200_000);
    expect(lines.at(-1)).toBe('200000');
  });

  it.each([
    ['exits by itself', () => undefined],
    ['is stopped', (worker: { stop(): unknown }) => void worker.stop()],
  ])('16: a re-parented grandchild is ended when the program %s', async (_how, end) => {
    const worker = use(createWorker(fixture('forkTwice.sh', '0'), { stop }));
    record(worker);
    const pid = Number(await first(worker.output$));
    expect(isAlive(pid)).toBe(true);
    end(worker);
    worker.send.complete();
    await first(worker.status$, ({ state }) => state === 'exited' || state === 'stopped');
    expect(isAlive(pid)).toBe(false);
  });

  onLinux('16: that grandchild is in the group of the program', async () => {
    const worker = use(createWorker(fixture('forkTwice.sh', '0'), { stop }));
    const pid = Number(await first(worker.output$));
    const { pid: leader } = await until(worker, 'running');
    expect(groupOf(pid)).toBe(leader);
  });

  onLinux('16: a zombie in the group, which nobody reaps, counts as dead', async () => {
    const patience = { terminateMs: 600_000, killMs: 0 };
    const worker = use(createWorker(fixture('leaveZombie.sh'), { stop: patience }));
    const [parent, zombie] = (await first(worker.output$)).split(' ').map(Number);
    strangers.push(parent!);
    const { pid: leader } = await until(worker, 'running');
    await eventually(() => !isAlive(zombie!));
    expect(groupOf(zombie!)).toBe(leader);
    // Waiting for the zombie would take ten minutes.
    await worker.stop();
    expect(groupOf(zombie!)).toBe(leader);
  });
});
