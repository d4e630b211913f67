import { EMPTY, take } from 'rxjs';
import {
  bytes,
  consume,
  contentLength,
  createPool,
  createWorker,
  delimited,
  exchange,
  feed,
  fromCommand,
  jsonLines,
  lifeOf,
  lines,
  restartOnExit,
  through,
} from 'simple-ipc';
import { Worker } from 'simple-ipc/imperative';
import { fakeProgram } from 'simple-ipc/testing';
import { integer } from '../../src/contract/check.js';
import { checkArguments, checkOptions, fields } from '../../src/contract/options.js';

describe('checkOptions', () => {
  const checks = { first: integer, second: integer, nested: fields({ third: integer }) };
  const check = (options: unknown) => () => checkOptions('call', options, checks);

  it('accepts known options, absent ones and none at all', () => {
    check(undefined)();
    check({})();
    check({ first: 1, second: undefined, nested: { third: 3 } })();
  });

  it('accepts options without a prototype, and ignores what is inherited', () => {
    check(Object.create(null))();
    check(Object.create({ fourth: 4 }))();
  });

  it.each<[string, unknown, string]>([
    ['a typo', { frist: 1 }, 'call: unknown option frist; did you mean first?'],
    ['another case', { FIRST: 1 }, 'call: unknown option FIRST; did you mean first?'],
    [
      'a name that is like none',
      { xyz: 1 },
      'call: unknown option xyz; there are first, second, nested',
    ],
    ['a few letters in common', { fish: 1 }, 'call: unknown option fish; there are'],
    ['one that is undefined', { xyz: undefined }, 'call: unknown option xyz; there are'],
    [
      'one inside of another',
      { nested: { thrid: 1 } },
      'call: unknown option nested.thrid; did you mean third?',
    ],
    ['a name that every object has', { toString: 1 }, 'call: unknown option toString; there are'],
    ['__proto__', JSON.parse('{"__proto__": 1}'), 'call: unknown option __proto__; there are'],
    ['no object', 5, 'call: options must be an object, not number'],
    ['null', null, 'call: options must be an object, not null'],
    ['a list', [], 'call: options must be an object, not a list'],
    ['a nested list', { nested: [] }, 'call: nested must be an object, not a list'],
    ['a wrong value', { second: '2' }, 'call: second must be a number, not string'],
    [
      'a wrong value inside',
      { nested: { third: null } },
      'call: nested.third must be a number, not null',
    ],
  ])('refuses %s', (_, options, message) => {
    expect(check(options)).toThrow(TypeError);
    expect(check(options)).toThrow(message);
  });
});

describe('checkArguments', () => {
  it.each([
    [0, 'call: takes no arguments, not 3'],
    [1, 'call: takes one argument, not 3'],
    [2, 'call: takes two arguments, not 3'],
  ])('refuses more arguments than %s', (most, message) => {
    expect(() => checkArguments('call', [1, 2, 3], most)).toThrow(new TypeError(message));
  });
});

describe('an unknown option', () => {
  const worker = createWorker('cat', { start: false });
  const reply = take<string>(1);

  const unknown: [
    call: string,
    option: string,
    advice: string,
    call: (...more: any[]) => unknown,
  ][] = [
    ['createPool', 'sizes', 'did you mean size?', () => createPool('cat', { sizes: 1 } as any)],
    [
      'createWorker',
      'supervisor',
      'did you mean supervise?',
      () => createWorker('cat', { supervisor: 1 } as any),
    ],
    [
      'createWorker',
      'restart',
      'did you mean supervise?',
      () => createWorker('cat', { restart: {} } as any),
    ],
    ['createWorker', 'signal', 'there are', () => createWorker('cat', { signal: 1 } as any)],
    [
      'createWorker',
      'killSignal',
      'there are',
      () => createWorker('cat', { killSignal: 'SIGINT' } as any),
    ],
    ['createWorker', 'shell', 'there are', () => createWorker('cat', { shell: true } as any)],
    ['createWorker', 'input', 'there are', () => createWorker('cat', { input: [] } as any)],
    [
      'createWorker',
      'encoding',
      'did you mean codec?',
      () => createWorker('cat', { encoding: 'utf8' } as any),
    ],
    [
      'createWorker',
      'stop.termMs',
      'did you mean terminateMs?',
      () => createWorker('cat', { stop: { termMs: 1 } } as any),
    ],
    [
      'restartOnExit',
      'maxRetries',
      'did you mean maxRestarts?',
      () => restartOnExit({ maxRetries: 1 } as any),
    ],
    ['restartOnExit', 'delay', 'did you mean delayMs?', () => restartOnExit({ delay: 1 } as any)],
    ['fromCommand', 'supervise', 'there are', () => fromCommand('cat', { supervise: 1 } as any)],
    ['fromCommand', 'replay', 'there are', () => fromCommand('cat', { replay: 1 } as any)],
    [
      'fromCommand',
      'timeoutMs',
      'did you mean startTimeoutMs?',
      () => fromCommand('cat', { timeoutMs: 1 } as any),
    ],
    ['fromCommand', 'output', 'there are', () => fromCommand('cat', { output: {} } as any)],
    ['through', 'input', 'there are', () => through('cat', { input: [] } as any)],
    ['lifeOf', 'stdin', 'there are', () => lifeOf('cat', { stdin: [] } as any)],
    [
      'exchange',
      'timeout',
      'did you mean timeoutMs?',
      () => exchange(worker, { reply, timeout: 1 } as any),
    ],
    [
      'exchange',
      'timeoutMS',
      'did you mean timeoutMs?',
      () => exchange(worker, { reply, timeoutMS: 1 } as any),
    ],
    [
      'consume',
      'concurrent',
      'did you mean concurrency?',
      () => consume(worker, () => EMPTY, { concurrent: 2 } as any),
    ],
    ['lines', 'lineBreak', 'did you mean lineBreaks?', () => lines({ lineBreak: 'allow' } as any)],
    [
      'jsonLines',
      'onError',
      'there are schema, onInvalid',
      () => jsonLines({ onError: () => undefined } as any),
    ],
    [
      'fakeProgram',
      'ignore',
      'did you mean ignores?',
      () => fakeProgram(undefined, { ignore: ['eof'] } as any),
    ],
    [
      'Worker',
      'quiet',
      'there are start, verbose',
      () => new Worker('cat', undefined, { quiet: true } as any),
    ],
  ];

  it.each(unknown)('of %s is refused: %s; %s', (name, option, advice, call) => {
    expect(call).toThrow(TypeError);
    expect(call).toThrow(`${name}: unknown option ${option}; ${advice}`);
  });
});

describe('an argument too many', () => {
  const worker = createWorker('cat', { start: false });

  it.each<[string, (...args: any[]) => unknown, unknown[]]>([
    ['createWorker', createWorker, ['cat', {}, {}]],
    ['createPool', createPool, ['cat', { size: 1 }, {}]],
    ['fromCommand', fromCommand, ['cat', {}, {}]],
    ['lifeOf', lifeOf, ['cat', {}, {}]],
    ['through', through, ['cat', {}, {}]],
    ['exchange', exchange, [worker, { reply: take(1) }, { timeoutMs: 1 }]],
    ['consume', consume, [worker, () => EMPTY, {}, {}]],
    ['feed', feed, [worker, [], {}]],
    ['restartOnExit', restartOnExit, [{}, 5]],
    ['lines', lines, [{}, {}]],
    ['jsonLines', jsonLines, [{}, {}]],
    ['delimited', delimited, ['\0', {}, {}]],
    ['contentLength', contentLength, [{}, {}]],
    ['bytes', bytes, [{}]],
    ['fakeProgram', fakeProgram, [undefined, {}, {}]],
    ['Worker', (...args: [any]) => new Worker(...args), ['cat', undefined, { start: false }, {}]],
  ])('of %s is refused', (name, call, args) => {
    expect(() => call(...args)).toThrow(TypeError);
    expect(() => call(...args)).toThrow(`${name}: takes`);
  });
});
