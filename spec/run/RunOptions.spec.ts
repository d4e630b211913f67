import { repeat, retry, VirtualTimeScheduler, type Observable } from 'rxjs';
import { systemClock } from '../../src/rx/clock.js';
import {
  createWorker,
  fromCommand,
  lifeOf,
  lines,
  restartOnExit,
  type FromCommandOptions,
} from '../../src/index.js';
import { planRun } from '../../src/run/RunOptions.js';
import { launch as launchReal } from '../../src/process/launch.js';
import type { Launch, LaunchPlan } from '../../src/process/Program.js';

const MIB = 1024 * 1024;

type Create = (command: string, options: any) => unknown;

/** An option, what the message begins with, and the wrong value. */
type Wrong = [option: string, message: string, value: unknown];

const wrongTypes: Wrong[] = [
  ['cwd', 'cwd must be a string, not number', 5],
  ['cwd', 'cwd must be a string, not null', null],
  ['cwd', 'cwd must be a string, not object', new URL('file:///')],
  ['cwd', 'cwd contains a NUL character', '/\0'],
  ['env', 'env must be an object, not string', 'A=b'],
  ['env', 'env must be an object, not null', null],
  ['env', 'env.C must be a string, not number', { A: 'b', C: 5 }],
  ['env', 'env.A must be a string, not null', { A: null }],
  ['env', 'env.A contains a NUL character', { A: 'b\0' }],
  ['env', 'env', { 'A\0': 'b' }],
  ['argv0', 'argv0 must be a string, not number', 5],
  ['argv0', 'argv0 must be a string, not null', null],
  ['argv0', 'argv0 contains a NUL character', 'sh\0'],
  ['uid', 'uid must be a number, not string', '0'],
  ['uid', 'uid must be a number, not null', null],
  ['gid', 'gid must be a number, not string', '0'],
  ['gid', 'gid must be a number, not bigint', 0n],
  ['codec', 'codec must be an object, not null', null],
  ['codec', 'codec must be an object, not string', 'lines'],
  ['codec', 'codec must be an object, not function', lines],
  ['codec', 'codec must be an object with decoder() and encode()', {}],
  ['codec', 'codec must be an object with decoder() and', { ...lines(), decoder: undefined }],
  ['codec', 'codec must be an object with decoder() and', { ...lines(), encode: undefined }],
  ['stderr', "stderr must be 'pipe' or 'inherit', not ignore", 'ignore'],
  ['stderr', "stderr must be 'pipe' or 'inherit', not null", null],
  ['stderr', "stderr must be 'pipe' or 'inherit', not 2", 2],
  ['stderr', 'stderr must be', Symbol('pipe')],
  ['successExits', 'successExits must be a list of numbers', 0],
  ['successExits', 'successExits must be a list of numbers', null],
  ['successExits', 'successExits must be a list of numbers', new Set([0])],
  ['successExits', 'successExits[1] must be a number, not string', [0, '1']],
  ['successExits', 'successExits[0] must be a number, not null', [null]],
  ['ready', 'ready must be a function, not number', 5],
  ['ready', 'ready must be a function, not null', null],
  ['ready', 'ready must be a function, not object', { subscribe: jest.fn() }],
  ['startTimeoutMs', 'startTimeoutMs must be a number, not string', '1000'],
  ['startTimeoutMs', 'startTimeoutMs must be a number, not null', null],
  ['startTimeoutMs', 'startTimeoutMs must be a number, not bigint', 1_000n],
  ['stop', 'stop must be', null],
  ['stop', 'stop must be', 1_000],
  ['stop', 'stop must be', 'SIGTERM'],
  ['stop', "stop.signal must be 'SIGTERM', 'SIGINT', ", { signal: 'SIGSTOP' }],
  ['stop', "stop.signal must be 'SIGTERM', 'SIGINT', ", { signal: null }],
  ['stop', "stop.signal must be 'SIGTERM', 'SIGINT', ", { signal: 15 }],
  ['stop', 'stop.endInputMs must be a number, not string', { endInputMs: '1' }],
  ['stop', 'stop.terminateMs must be a number, not null', { terminateMs: null }],
  ['stop', 'stop.killMs must be a number, not boolean', { killMs: true }],
  ['stop', 'stop.drainMs must be a number, not object', { drainMs: {} }],
  ['ownGroup', 'ownGroup must be a boolean, not string', 'no'],
  ['ownGroup', 'ownGroup must be a boolean, not number', 1],
  ['ownGroup', 'ownGroup must be a boolean, not null', null],
  ['orphanGuard', 'orphanGuard must be a boolean, not string', 'no'],
  ['orphanGuard', 'orphanGuard must be a boolean, not number', 0],
  ['orphanGuard', 'orphanGuard must be a boolean, not null', null],
  ['maxLineBytes', 'maxLineBytes must be a number, not string', '64'],
  ['maxLineBytes', 'maxLineBytes must be a number, not null', null],
  ['maxPendingBytes', 'maxPendingBytes must be a number, not string', '64'],
  ['maxPendingBytes', 'maxPendingBytes must be a number, not null', null],
  ['scheduler', 'scheduler must be', null],
  ['scheduler', 'scheduler must be', 'asap'],
  ['scheduler', 'scheduler', {}],
  ['launch', 'launch must be', null],
  ['launch', 'launch must be', {}],
];

const wrongNumbers: Wrong[] = [
  ['uid', 'uid must be an integer from 0 on, not -1', -1],
  ['uid', 'uid must be an integer from 0 on, not 1.5', 1.5],
  ['gid', 'gid must be an integer from 0 on, not NaN', NaN],
  ['gid', 'gid must be an integer from 0 on, not Infinity', Infinity],
  ['successExits', 'successExits[0] must be an integer from 0 on, not -1', [-1]],
  ['successExits', 'successExits[1] must be an integer from 0 on, not 0.5', [0, 0.5]],
  ['successExits', 'successExits[0] must be an integer from 0 on, not NaN', [NaN]],
  ['startTimeoutMs', 'startTimeoutMs must be 0 or more, not -1', -1],
  ['startTimeoutMs', 'startTimeoutMs must be 0 or more, not NaN', NaN],
  ['stop', 'stop.endInputMs must be 0 or more, not -1', { endInputMs: -1 }],
  ['stop', 'stop.terminateMs must be 0 or more, not NaN', { terminateMs: NaN }],
  ['stop', 'stop.killMs must be 0 or more, not -Infinity', { killMs: -Infinity }],
  ['stop', 'stop.drainMs must be 0 or more, not -0.1', { drainMs: -0.1 }],
  ['maxLineBytes', 'maxLineBytes must be 0 or more, not -1', -1],
  ['maxLineBytes', 'maxLineBytes must be 0 or more, not NaN', NaN],
  ['maxPendingBytes', 'maxPendingBytes must be 0 or more, not -1', -1],
  ['maxPendingBytes', 'maxPendingBytes must be 0 or more, not NaN', NaN],
];

/** Input has no name of its own for what it must be: anything that `from` takes, but no string. */
const NO_INPUT = 'input must be an Observable, a promise, an iterable or a stream';
const wrongInputs: Wrong[] = [
  [
    'input',
    'input is a string, which would be sent one character a line: put it into a list',
    'text',
  ],
  ['input', 'input is a string, which would be sent one character a line: put it into a list', ''],
  [
    'input',
    'input is bytes, which would be sent one number a line: put it into a list',
    Buffer.from('a'),
  ],
  ['input', NO_INPUT, null],
  ['input', NO_INPUT, 5],
  ['input', NO_INPUT, {}],
  ['input', NO_INPUT, () => ['text']],
];

const wrongSignals: Wrong[] = [
  ['signal', 'signal must be an object, not null', null],
  ['signal', 'signal must be an object, not string', 'SIGTERM'],
  ['signal', 'signal must be an object with addEventListener() and removeEventListener()', {}],
];

const wrongObservers: Wrong[] = [
  ['output', 'output must be an object, not null', null],
  ['output', 'output must be an object, not function', console.log],
  ['stderrLines', 'stderrLines must be an object, not null', null],
  ['stderrLines', 'stderrLines must be an object, not function', console.log],
  ['stderrLines', 'stderrLines must be an object, not boolean', true],
];

const wrongForWorkers: Wrong[] = [
  ['start', 'start must be a boolean, not string', 'no'],
  ['start', 'start must be a boolean, not number', 0],
  ['start', 'start must be a boolean, not null', null],
  ['supervise', 'supervise must be a function, not string', 'always'],
  ['supervise', 'supervise must be a function, not object', {}],
  ['supervise', 'supervise must be a function, not null', null],
  ['supervise', 'supervise must be what restartOnExit() returns, not restartOnExit', restartOnExit],
  ['supervise', 'supervise must be what retry() returns, not retry itself: call it', retry],
  ['supervise', 'supervise must be what repeat() returns, not repeat itself: call it', repeat],
  ['replay', 'replay must be a number, not string', '1'],
  ['replay', 'replay must be a number, not null', null],
];

const wrongNumbersForWorkers: Wrong[] = [
  ['replay', 'replay must be an integer from 0 on, not -1', -1],
  ['replay', 'replay must be an integer from 0 on, not 0.5', 0.5],
  ['replay', 'replay must be an integer from 0 on, not NaN', NaN],
  ['replay', 'replay must be an integer from 0 on, not Infinity', Infinity],
];

const functions: [name: string, create: Create, types: Wrong[], numbers: Wrong[]][] = [
  ['createWorker', createWorker, wrongForWorkers, wrongNumbersForWorkers],
  ['fromCommand', fromCommand, [...wrongInputs, ...wrongSignals, ...wrongObservers.slice(2)], []],
  ['lifeOf', lifeOf, [...wrongInputs, ...wrongSignals, ...wrongObservers], []],
];

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}

const beginningWith = (text: string): unknown =>
  expect.stringMatching(new RegExp(`^${text.replaceAll(/[[\].?*+^$()|\\]/g, '\\$&')}`));

describe.each(functions)('%s', (name, create, types, numbers) => {
  it.each([...wrongTypes, ...types])(
    'throws a TypeError for a wrong %s, and starts nothing: %s',
    (option, message, value) => {
      const launch = jest.fn();
      const thrown = thrownBy(() => create('cat', { launch, [option]: value }));
      expect(thrown).toBeInstanceOf(TypeError);
      expect(thrown).toHaveProperty('message', beginningWith(`${name}: ${message}`));
      expect(launch).not.toHaveBeenCalled();
    },
  );

  it.each([...wrongNumbers, ...numbers])(
    'throws a RangeError for a wrong %s, and starts nothing: %s',
    (option, message, value) => {
      const launch = jest.fn();
      const thrown = thrownBy(() => create('cat', { launch, [option]: value }));
      expect(thrown).toBeInstanceOf(RangeError);
      expect(thrown).toHaveProperty('message', beginningWith(`${name}: ${message}`));
      expect(launch).not.toHaveBeenCalled();
    },
  );

  it.each([
    ['null', null],
    ['string', '-n'],
    ['number', 5],
    ['a list', ['-n', '-e']],
    ['function', () => ({})],
  ])('throws a TypeError when its options are %s', (kind, options) => {
    const thrown = thrownBy(() => create('simple-ipc-no-such-program', options));
    expect(thrown).toBeInstanceOf(TypeError);
    expect(thrown).toHaveProperty('message', `${name}: options must be an object, not ${kind}`);
  });
});

describe('planRun', () => {
  const defaults = {
    name: 'cat',
    command: ['cat'],
    cwd: undefined,
    env: undefined,
    argv0: undefined,
    uid: undefined,
    gid: undefined,
    codec: { decoder: expect.any(Function), encode: expect.any(Function) },
    stderr: 'pipe',
    successExits: [0],
    ready: undefined,
    startTimeoutMs: 90_000,
    stop: {
      endInputMs: 1_000,
      terminateMs: 5_000,
      killMs: 2_000,
      drainMs: 1_000,
      signal: 'SIGTERM',
    },
    ownGroup: true,
    orphanGuard: true,
    maxLineBytes: 64 * MIB,
    maxPendingBytes: 64 * MIB,
    clock: systemClock,
    launch: launchReal,
    input: true,
  };

  it('has defaults for everything', () => {
    expect(planRun('cat', {}, true)).toEqual(defaults);
  });

  it('speaks in lines by default, without line breaks in them', () => {
    const { codec, maxLineBytes } = planRun<string, string>('cat', {}, true);
    const received: string[] = [];
    const decoder = codec.decoder((line) => received.push(line), { maxLineBytes });
    decoder.write(Buffer.from('a\r\nb'));
    decoder.end();
    expect(received).toEqual(['a', 'b']);
    expect(codec.encode('c')).toBe('c\n');
    expect(() => codec.encode('c\nd')).toThrow('contains a line break');
  });

  it('takes undefined for an option that is absent', () => {
    const absent = (options: object) =>
      Object.fromEntries(Object.keys(options).map((name) => [name, undefined]));
    const options = { ...absent(defaults), scheduler: undefined, stop: absent(defaults.stop) };
    expect(planRun('cat', options as object, true)).toEqual(defaults);
    expect(planRun('cat', { stop: undefined } as object, true)).toEqual(defaults);
  });

  it('fills in the times of the stop ladder that are not given', () => {
    expect(planRun('cat', { stop: { killMs: 5 } }, true).stop).toEqual({
      ...defaults.stop,
      killMs: 5,
    });
  });

  it.each([
    [{ cwd: '/' }],
    [{ env: {} }],
    [{ env: { A: '', B: undefined, 'A B': 'é=\n' } }],
    [{ argv0: '' }],
    [{ uid: 0, gid: 0 }],
    [{ stderr: 'inherit' }],
    [{ stderr: 'pipe' }],
    [{ successExits: [] }],
    [{ successExits: [0, 1, 0xc000_0005] }],
    [{ ready: () => [] }],
    [{ startTimeoutMs: 0 }],
    [{ startTimeoutMs: Infinity }],
    [
      {
        stop: {
          endInputMs: 0,
          terminateMs: Infinity,
          killMs: 2 ** 40,
          drainMs: 0.5,
          signal: 'SIGHUP',
        },
      },
    ],
    [{ ownGroup: false }],
    [{ orphanGuard: false }],
    [{ maxLineBytes: 0, maxPendingBytes: 0 }],
    [{ maxLineBytes: Infinity, maxPendingBytes: Infinity }],
  ])('takes %p as it is', (options: any) => {
    expect(planRun('cat', options, true)).toEqual({ ...defaults, ...options });
  });

  it("takes a scheduler's time", () => {
    const scheduler = new VirtualTimeScheduler();
    const then = jest.fn();
    const { clock } = planRun('cat', { scheduler }, true);
    clock.after(1_000, then);
    scheduler.flush();
    expect(then).toHaveBeenCalledTimes(1);
    expect(clock.now()).toBe(1_000);
  });
});

describe('RunOptions', () => {
  /** The plan that the system would get; nothing is started. */
  function planOf(create: (launch: Launch) => unknown): LaunchPlan {
    const plans: LaunchPlan[] = [];
    create((plan) => {
      plans.push(plan);
      throw new Error('not started');
    });
    expect(plans).toHaveLength(1);
    return plans[0]!;
  }
  const error = () => undefined;

  it('reach the launcher, as far as they are about the process', () => {
    const about = {
      cwd: '/',
      env: { A: 'b' },
      argv0: 'dog',
      uid: 1,
      gid: 2,
      stderr: 'inherit',
      ownGroup: false,
      orphanGuard: false,
    } as const;
    const plan = planOf((launch) =>
      lifeOf(['cat', '-n'], { ...about, launch }).subscribe({ error }),
    );
    expect(plan).toMatchObject({ command: ['cat', '-n'], ...about });
  });

  it('make a pipe for the input of a worker', () => {
    const plan = planOf((launch) => {
      const worker = createWorker('cat', { launch, start: false });
      worker.status$.subscribe();
      worker.start();
    });
    expect(plan.input).toBe(true);
  });

  it.each<[string, (options: FromCommandOptions) => Observable<unknown>]>([
    ['fromCommand', (options) => fromCommand('cat', options)],
    ['lifeOf', (options) => lifeOf('cat', options)],
  ])('make a pipe for %s only if there is input', (_, create) => {
    const hasInput = (options: object) =>
      planOf((launch) => create({ ...options, launch }).subscribe({ error })).input;
    expect(hasInput({})).toBe(false);
    expect(hasInput({ input: undefined })).toBe(false);
    expect(hasInput({ input: [] })).toBe(true);
  });
});
