import {
  ExitError,
  FramingError,
  InputClosedError,
  InputOverflowError,
  LineBreakError,
  NotRunningError,
  ReplyTimeoutError,
  RestartLimitError,
  SimpleIpcError,
  SpawnError,
  StartTimeoutError,
  StopError,
  type Exit,
} from '../../src/index.js';
import { codeOf, messageOf, quote } from '../../src/contract/errors.js';

const command = ['engine', '--name', 'a b'];
const cause = Object.assign(new Error('spawn engine ENOENT'), { code: 'ENOENT' });
const exit: Exit = {
  command,
  generation: 2,
  code: 3,
  signal: null,
  reason: 'exit-code',
  uptimeMs: 1_000,
  stderrTail: '',
};

interface Case {
  name: string;
  error: SimpleIpcError;
  type: abstract new (...args: never[]) => SimpleIpcError;
  message: string;
  /** Its data besides the command. */
  data?: object;
}

const cases: Case[] = [
  {
    name: 'SimpleIpcError',
    error: new SimpleIpcError(command, 'failed: why', { cause }),
    type: SimpleIpcError,
    message: '"engine --name "a b"" failed: why',
    data: { cause },
  },
  {
    name: 'SpawnError',
    error: new SpawnError(command, 'not found on the PATH (ENOENT)', cause),
    type: SpawnError,
    message: '"engine --name "a b"" could not be started: not found on the PATH (ENOENT)',
    data: { cause, code: 'ENOENT', reason: 'not found on the PATH (ENOENT)' },
  },
  {
    name: 'ExitError',
    error: new ExitError(exit),
    type: ExitError,
    message: '"engine --name "a b"" exited with code 3',
    data: { exit },
  },
  {
    name: 'RestartLimitError',
    error: new RestartLimitError(command, 'ended too often', [exit, exit], cause),
    type: RestartLimitError,
    message: '"engine --name "a b"" ended too often; the last time: spawn engine ENOENT',
    data: { cause, exits: [exit, exit] },
  },
  {
    name: 'StopError',
    error: new StopError(command, 4321),
    type: StopError,
    message: '"engine --name "a b"" survived SIGKILL: process 4321 is still there',
    data: { pid: 4321 },
  },
  ...[
    StartTimeoutError,
    FramingError,
    InputOverflowError,
    InputClosedError,
    NotRunningError,
    LineBreakError,
    ReplyTimeoutError,
  ].map((type) => ({
    name: type.name,
    error: new type(command, 'did that', { cause }),
    type,
    message: '"engine --name "a b"" did that',
    data: { cause },
  })),
];

describe.each(cases)('$name', ({ name, error, type, message, data }) => {
  it('is a class of its own, a SimpleIpcError and an Error', () => {
    expect(error).toBeInstanceOf(type);
    expect(error).toBeInstanceOf(SimpleIpcError);
    expect(error).toBeInstanceOf(Error);
    const others = cases.filter((other) => other.type !== type && other.type !== SimpleIpcError);
    for (const other of others) expect(error).not.toBeInstanceOf(other.type);
  });

  it('has its name, in its text and its stack too', () => {
    expect(error.name).toBe(name);
    expect(String(error)).toBe(`${name}: ${message}`);
    expect(error.stack).toMatch(new RegExp(`^${name}: `));
  });

  it('names the command and the reason in its message', () => {
    expect(error.message).toBe(message);
  });

  it('carries its data', () => {
    expect(error.command).toEqual(command);
    expect(error).toMatchObject(data ?? {});
  });

  it('has a cause only if there is one', () => {
    expect('cause' in error).toBe('cause' in (data ?? {}));
  });
});

describe('SpawnError', () => {
  const because = (systemError: unknown) => new SpawnError(command, 'why', systemError);

  it.each(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM'])('is transient for %s', (code) => {
    expect(because(Object.assign(new Error(), { code })).transient).toBe(true);
  });

  it.each(['ENOENT', 'EACCES', 'E2BIG', 'ENOTDIR', 'EPERM'])('is not for %s', (code) => {
    expect(because(Object.assign(new Error(), { code })).transient).toBe(false);
  });

  it.each([[new Error('no code')], [{ code: 5 }], ['EAGAIN'], [null], [undefined]])(
    'has no code, and is not transient, for %p',
    (systemError) => {
      expect(because(systemError).code).toBeUndefined();
      expect(because(systemError).transient).toBe(false);
      expect(because(systemError).cause).toBe(systemError);
    },
  );
});

describe('ExitError', () => {
  const messageFor = (end: Partial<Exit>) => new ExitError({ ...exit, ...end }).message;

  it('names the signal', () => {
    expect(messageFor({ code: null, signal: 'SIGSEGV', reason: 'signal' })).toBe(
      '"engine --name "a b"" was ended by SIGSEGV',
    );
  });

  it('ends with the last lines of stderr, at most five', () => {
    expect(messageFor({ stderrTail: 'out of memory\n' })).toBe(
      '"engine --name "a b"" exited with code 3; its stderr ends with:\nout of memory',
    );
    expect(messageFor({ stderrTail: '1\n2\n3\n4\n\n6\n7\n\n' })).toMatch(/with:\n2\n3\n4\n6\n7$/);
  });

  it('ends with at most 1,000 characters of stderr', () => {
    const message = messageFor({ stderrTail: `${'x'.repeat(5_000)}y\n` });
    expect(message).toMatch(/with:\nx{999}y$/);
  });

  it('does not mention a blank stderr', () => {
    expect(messageFor({ stderrTail: ' \n\n' })).toMatch(/exited with code 3$/);
  });
});

describe('RestartLimitError', () => {
  it('has the reason of the last exit in its message: a warning has nothing else', () => {
    const last = new ExitError({ ...exit, stderrTail: 'bind: address already in use\n' });
    expect(new RestartLimitError(command, 'was given up', [exit], last).message).toBe(
      '"engine --name "a b"" was given up; the last time it exited with code 3; its stderr ends with:\nbind: address already in use',
    );
  });

  it('names the last exit if that was no failure', () => {
    const success: Exit = { ...exit, code: 0, reason: 'success' };
    expect(new RestartLimitError(command, 'was given up', [success], undefined).message).toBe(
      '"engine --name "a b"" was given up; the last time it exited with code 0',
    );
  });
});

describe('quote', () => {
  it.each([
    [['cat'], '"cat"'],
    [['grep', '-n', 'x'], '"grep -n x"'],
    [['grep', 'a b', ''], '"grep "a b" """'],
    [['echo', 'a"b', '\n'], '"echo "a\\"b" "\\n""'],
  ])('joins words, and quotes those with white space: %j', (words, text) => {
    expect(quote(words)).toBe(text);
  });

  it('cuts what is longer than 200 characters', () => {
    expect(quote(['x'.repeat(200)])).toBe(`"${'x'.repeat(200)}"`);
    expect(quote(['x'.repeat(201)])).toBe(`"${'x'.repeat(199)}…"`);
    expect(quote(['x', 'y'.repeat(1_000)])).toHaveLength(202);
  });
});

describe('codeOf', () => {
  it('reads the code of an error, also of one that is not of this realm', () => {
    expect(codeOf(cause)).toBe('ENOENT');
    expect(codeOf({ code: 'EPIPE' })).toBe('EPIPE');
  });

  it.each([[new Error('EPIPE')], [{ code: 5 }], ['EPIPE'], [5], [null], [undefined]])(
    'is undefined for %p',
    (error) => {
      expect(codeOf(error)).toBeUndefined();
    },
  );
});

describe('messageOf', () => {
  it.each([
    [new RangeError('too long'), 'too long'],
    [{ message: 'of another realm' }, 'of another realm'],
    [new Error(), ''],
    ['thrown text', 'thrown text'],
    [{ message: 5 }, '[object Object]'],
    [5, '5'],
    [null, 'null'],
    [undefined, 'undefined'],
    [Symbol('s'), 'Symbol(s)'],
  ])('names the thrown value: %p', (thrown, message) => {
    expect(messageOf(thrown)).toBe(message);
  });
});
