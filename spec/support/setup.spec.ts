import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { addedResources } from './addedResources.js';
import { startedProcesses } from './startedProcesses.js';

const onLinux = process.platform === 'linux' ? describe : describe.skip;

const pids = () => startedProcesses().map(({ pid }) => pid);
const commands = () => startedProcesses().map(({ command }) => command);

onLinux('startedProcesses', () => {
  const stops: (() => Promise<void>)[] = [];

  /** Runs a script; what reads from descriptor 3 lives until the test is over. */
  function start(script: string, env: NodeJS.ProcessEnv = process.env) {
    const child = spawn('/bin/sh', ['-c', script], {
      env,
      stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
    });
    const [, stdout, , leash] = child.stdio;
    const closed = once(child, 'close');
    stops.push(async () => {
      stdout?.destroy();
      leash?.destroy();
      await closed;
    });
    return { child, stdout: stdout! };
  }

  afterEach(async () => {
    await Promise.all(stops.splice(0).map((stop) => stop()));
  });

  it('finds a child without the marker', () => {
    const { child } = start('read line <&3 # a child', {});
    expect(pids()).toContain(child.pid);
  });

  it('finds a grandchild that has lost its parent', async () => {
    const { child, stdout } = start('sh -c "read line <&3 # an orphan" & echo $!');
    const [[pid]] = await Promise.all([once(stdout, 'data'), once(child, 'exit')]);
    expect(pids()).toContain(Number(pid));
  });

  it('finds a child of a child without the marker', async () => {
    const { stdout } = start('sh -c "read line <&3 # a grandchild" & echo $!; wait', {});
    const [pid] = await once(stdout, 'data');
    expect(pids()).toContain(Number(pid));
  });

  it('names the command', () => {
    start('read line <&3 # a child');
    expect(commands()).toContain('/bin/sh -c read line <&3 # a child');
  });

  it('does not count a process that has ended', async () => {
    await once(start('exit 0 # ended').child, 'exit');
    expect(commands()).not.toContainEqual(expect.stringContaining('# ended'));
  });

  it('does not count the guard', () => {
    start('read line <&3 # simple-ipc guard');
    expect(commands()).not.toContainEqual(expect.stringContaining('simple-ipc guard'));
  });

  it('does not count this process or strangers', () => {
    expect(pids()).not.toContain(process.pid);
    expect(pids()).not.toContain(process.ppid);
  });
});

describe('addedResources', () => {
  it('names each resource that was not there before, as often as it was added', () => {
    const before = ['PipeWrap', 'Timeout'];
    const after = ['Timeout', 'PipeWrap', 'PipeWrap', 'Timeout', 'Timeout'];
    expect(addedResources(before, after)).toEqual(['PipeWrap', 'Timeout', 'Timeout']);
  });

  it('does not name what has gone', () => {
    expect(addedResources(['PipeWrap', 'Timeout'], ['Timeout'])).toEqual([]);
  });

  it('sees a timer that is left running', () => {
    const before = process.getActiveResourcesInfo();
    const timer = setInterval(() => undefined, 1_000);
    expect(addedResources(before, process.getActiveResourcesInfo())).toEqual(['Timeout']);
    clearInterval(timer);
  });
});
