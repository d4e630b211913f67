import { createWorker } from 'simple-ipc';
import { isAllZombies } from '../../src/process/zombies.js';
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

const onLinux = process.platform === 'linux' ? describe : describe.skip;

/** A state, and the id of the group, by process id. */
type Processes = Readonly<Record<string, readonly [name: string, state: string, group: number]>>;

/** Loads it with a /proc of these processes; one whose group is 0 vanishes before it is read. */
function withProc(processes: Processes | undefined): typeof isAllZombies {
  let loaded = isAllZombies;
  jest.doMock('node:fs', () => ({
    readdirSync() {
      if (!processes) throw new Error('ENOENT');
      return ['self', 'meminfo', ...Object.keys(processes)];
    },
    readFileSync(path: string) {
      const pid = /^\/proc\/(\d+)\/stat$/.exec(path)?.[1] ?? '';
      const [name, state, group] = processes?.[pid] ?? [];
      if (!group) throw new Error('ESRCH');
      return `${pid} (${name}) ${state} 1 ${group} ${group} 0 -1 4194304`;
    },
  }));
  jest.isolateModules(() => {
    ({ isAllZombies: loaded } = jest.requireActual<{ isAllZombies: typeof isAllZombies }>(
      '../../src/process/zombies.js',
    ));
  });
  jest.dontMock('node:fs');
  return loaded;
}

describe('isAllZombies', () => {
  it.each<[string, Processes | undefined, boolean]>([
    ['all are zombies', { 7: ['a', 'Z', 7], 8: ['b', 'Z', 7] }, true],
    ['one of them is dead for good', { 7: ['a', 'Z', 7], 8: ['b', 'X', 7] }, true],
    ['one of them runs', { 7: ['a', 'Z', 7], 8: ['b', 'R', 7] }, false],
    ['one of them sleeps', { 7: ['a', 'Z', 7], 8: ['b', 'S', 7] }, false],
    ['one of them is stopped', { 7: ['a', 'Z', 7], 8: ['b', 'T', 7] }, false],
    ['those of other groups run', { 7: ['a', 'Z', 7], 8: ['b', 'R', 8] }, true],
    ['only those of other groups are', { 7: ['a', 'R', 7], 8: ['b', 'Z', 8] }, false],
    ['nothing is in the group', { 8: ['b', 'Z', 8] }, false],
    ['a process vanishes meanwhile', { 7: ['a', 'Z', 7], 8: ['b', 'R', 0] }, true],
    ['a name pretends to be more', { 7: ['a) R 1 9 (', 'Z', 7], 8: [') Z 1 7', 'R', 9] }, true],
    ['there is no /proc', undefined, false],
  ])('knows a group when %s', (_, processes, expected) => {
    expect(withProc(processes)(7)).toBe(expected);
  });
});

onLinux('isAllZombies, of real processes,', () => {
  const strangers: number[] = [];
  afterEach(cleanUp);
  afterEach(() => {
    for (const pid of strangers.splice(0)) process.kill(pid, 'SIGKILL');
  });

  it('knows a group that runs', async () => {
    const worker = use(createWorker(sh('echo $$; exec cat')));
    expect(isAllZombies(Number(await first(worker.output$)))).toBe(false);
  });

  it('knows a group of which only a zombie is left', async () => {
    const worker = use(createWorker(fixture('leaveZombie.sh')));
    const ids = first(worker.output$);
    const { pid } = await until(worker, 'running');
    const [parent, zombie] = (await ids).split(' ').map(Number);
    strangers.push(parent!);
    expect(groupOf(zombie!)).toBe(pid);
    expect(isAllZombies(pid)).toBe(false);
    worker.send.complete();
    await until(worker, 'exited');
    await eventually(() => isAllZombies(pid));
  });
});
