import { createWorker } from 'simple-ipc';
import type * as groupMembers from '../../src/process/GroupMembers.js';
import {
  cleanUp,
  eventually,
  first,
  fixture,
  groupOf,
  sh,
  until,
  use,
} from '../support/programs.js';

type GroupMembers = groupMembers.GroupMembers;

const onLinux = process.platform === 'linux' ? describe : describe.skip;

/** A state, the group, and how many threads, by process id. */
type Processes = Record<
  string,
  readonly [name: string, state: string, group: number, threads?: number]
>;

const { GroupMembers: Real } = jest.requireActual<typeof groupMembers>(
  '../../src/process/GroupMembers.js',
);

/** The members of group 7 in a /proc of these processes; one whose group is 0 vanishes before it is read. */
function withProc(processes: Processes | undefined) {
  const scans: number[] = [];
  const reads: string[] = [];
  const loaded: GroupMembers[] = [];
  jest.doMock('node:fs/promises', () => ({
    opendir() {
      scans.push(reads.length);
      const names = ['self', 'meminfo', ...Object.keys(processes ?? {})];
      return processes
        ? Promise.resolve(names.map((name) => ({ name })))
        : Promise.reject(new Error('ENOENT'));
    },
  }));
  jest.doMock('node:fs', () => ({
    readFileSync(path: string) {
      reads.push(path);
      const pid = /^\/proc\/(\d+)\/stat$/.exec(path)?.[1] ?? '';
      const [name, state, group, threads = 1] = processes?.[pid] ?? [];
      if (!group) throw new Error('ESRCH');
      const rest = '0 -1 4194304 0 0 0 0 0 0 0 0 20 0';
      return `${pid} (${name}) ${state} 1 ${group} ${group} ${rest} ${threads} 0 9 0 0`;
    },
  }));
  jest.isolateModules(() => {
    const module = jest.requireActual<typeof groupMembers>('../../src/process/GroupMembers.js');
    loaded.push(new module.GroupMembers(7));
  });
  jest.dontMock('node:fs').dontMock('node:fs/promises');
  return { members: loaded[0]!, scans, reads };
}

describe('GroupMembers', () => {
  let now: number;
  beforeEach(() => {
    now = 1_000;
    jest.spyOn(performance, 'now').mockImplementation(() => now);
  });
  afterEach(() => jest.restoreAllMocks());

  /** Lets time pass, and a scan end. */
  const later = (ms: number) => {
    now += ms;
    return new Promise((resolve) => setImmediate(resolve));
  };

  /** Whether the group is known to have zombies only, once it was scanned. */
  async function areZombies({ members }: { readonly members: GroupMembers }): Promise<boolean> {
    members.areZombies();
    await later(50);
    members.areZombies();
    await later(0);
    return members.areZombies();
  }

  it.each<[string, Processes | undefined, boolean]>([
    ['all are zombies', { 7: ['a', 'Z', 7], 8: ['b', 'Z', 7] }, true],
    ['one of them is dead for good', { 7: ['a', 'Z', 7], 8: ['b', 'X', 7] }, true],
    ['one of them runs', { 7: ['a', 'Z', 7], 8: ['b', 'R', 7] }, false],
    ['one of them sleeps', { 7: ['a', 'Z', 7], 8: ['b', 'S', 7] }, false],
    ['one of them is stopped', { 7: ['a', 'Z', 7], 8: ['b', 'T', 7] }, false],
    ['of one of them only the first thread has ended', { 7: ['a', 'Z', 7, 2] }, false],
    ['those of other groups run', { 7: ['a', 'Z', 7], 8: ['b', 'R', 8] }, true],
    ['only those of other groups are', { 7: ['a', 'R', 7], 8: ['b', 'Z', 8] }, false],
    ['nothing is in the group', { 8: ['b', 'Z', 8] }, false],
    ['a process vanishes meanwhile', { 7: ['a', 'Z', 7], 8: ['b', 'R', 0] }, true],
    ['a name pretends to be more', { 7: ['a) R 1 9 (', 'Z', 7], 8: [') Z 1 7', 'R', 9] }, true],
    ['there is no /proc', undefined, false],
  ])('knows a group when %s', async (_, processes, expected) => {
    expect(await areZombies(withProc(processes))).toBe(expected);
  });

  it('gives a group time to end by itself before it looks for its members', async () => {
    const { members, scans } = withProc({ 7: ['a', 'Z', 7] });
    members.areZombies();
    await later(49);
    members.areZombies();
    await later(0);
    expect(scans).toHaveLength(0);
    await later(1);
    expect(members.areZombies()).toBe(false);
    await later(0);
    expect(scans).toHaveLength(1);
    expect(members.areZombies()).toBe(true);
  });

  it('reads one member at a time while that lives, and scans no more', async () => {
    const processes: Processes = { 7: ['a', 'S', 7], 8: ['b', 'S', 7], 9: ['c', 'S', 9] };
    const proc = withProc(processes);
    expect(await areZombies(proc)).toBe(false);
    proc.reads.splice(0);
    for (let i = 0; i < 10; i++) {
      await later(500);
      expect(proc.members.areZombies()).toBe(false);
    }
    expect(proc.reads).toEqual(Array(10).fill('/proc/7/stat'));
    expect(proc.scans).toHaveLength(1);
  });

  it('goes on with the next member when one has ended, and scans again after the last', async () => {
    const processes: Processes = { 7: ['a', 'S', 7], 8: ['b', 'S', 7] };
    const proc = withProc(processes);
    await areZombies(proc);
    processes[7] = ['a', 'Z', 7];
    expect(proc.members.areZombies()).toBe(false);
    // The system has given its id to a stranger.
    processes[8] = ['stranger', 'R', 5];
    await later(500);
    expect(proc.members.areZombies()).toBe(false);
    await later(0);
    expect(proc.scans).toHaveLength(2);
    expect(proc.members.areZombies()).toBe(true);
  });

  it('finds a member that was started since', async () => {
    const processes: Processes = { 7: ['a', 'S', 7] };
    const proc = withProc(processes);
    await areZombies(proc);
    processes[7] = ['a', 'Z', 7];
    processes[8] = ['b', 'S', 7];
    await later(500);
    proc.members.areZombies();
    await later(0);
    for (let i = 0; i < 5; i++) expect(proc.members.areZombies()).toBe(false);
    expect(proc.scans).toHaveLength(2);
  });

  it('does not scan more often than twice a second where nothing can be seen', async () => {
    const { members, scans } = withProc({ 8: ['b', 'S', 8] });
    for (let i = 0; i < 100; i++) {
      members.areZombies();
      await later(10);
    }
    expect(scans).toHaveLength(2);
  });
});

onLinux('GroupMembers, of real processes,', () => {
  const strangers: number[] = [];
  afterEach(cleanUp);
  afterEach(() => {
    for (const pid of strangers.splice(0)) process.kill(pid, 'SIGKILL');
  });

  it('knows a group that runs', async () => {
    const worker = use(createWorker(sh('echo $$; exec cat')));
    const members = new Real(Number(await first(worker.output$)));
    // Long enough for two scans.
    const end = performance.now() + 700;
    await eventually(() => {
      expect(members.areZombies()).toBe(false);
      return performance.now() > end;
    });
  });

  it('knows a group of which only a zombie is left', async () => {
    const worker = use(createWorker(fixture('leaveZombie.sh')));
    const ids = first(worker.output$);
    const { pid } = await until(worker, 'running');
    const [parent, zombie] = (await ids).split(' ').map(Number);
    strangers.push(parent!);
    expect(groupOf(zombie!)).toBe(pid);
    worker.send.complete();
    await until(worker, 'exited');
    const members = new Real(pid);
    await eventually(() => members.areZombies());
  });
});
