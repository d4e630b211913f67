import { resolve } from 'node:path';
import { runInThisContext } from 'node:vm';
import { createWorker, restartOnExit, RestartLimitError, SpawnError } from 'simple-ipc';
import { cleanUp, first, record, sh, until, use, watchWarnings } from '../support/programs.js';

const here = (path: string) => resolve(__dirname, '../../fixtures', path);
const long = 'x'.repeat(256 * 1024);

/** The environment that programs inherit: in a spec, `process.env` is a copy. */
const { env: hostEnv } = runInThisContext('process') as NodeJS.Process;

describe('the program cannot be started', () => {
  beforeEach(watchWarnings);
  afterEach(async () => {
    delete hostEnv.TOO_LONG;
    await cleanUp();
  });

  const impossible = [
    ['4: ENOENT', 'no-such-program', 'ENOENT', /^"no-such-program" .*not found on the PATH/],
    ['4: ENOENT with a path', here('none'), 'ENOENT', /fixtures\/none" .*no such file/],
    ['4: EACCES', here('program.c'), 'EACCES', /fixtures\/program\.c" .*not executable/],
    ['4: a directory', here('.'), 'EACCES', /fixtures" .*it is a directory/],
    ['6: E2BIG', ['echo', long], 'E2BIG', /^"echo x+….*longer than the system allows/],
  ] as const;

  it.each(impossible)('%s: failed, after one attempt', async (_fault, command, code, message) => {
    const worker = use(createWorker(command, { supervise: restartOnExit({ delayMs: 0 }) }));
    const { states } = record(worker);
    const { error, exits } = await until(worker, 'failed');
    expect(error).toBeInstanceOf(SpawnError);
    expect(error).toMatchObject({ code, command: [command].flat() });
    expect(error.message).toMatch(message);
    expect(exits).toMatchObject([{ reason: 'spawn-error', generation: 1, code: null }]);
    expect(states).toEqual(['starting', 'exited', 'failed']);
  });

  it('6: spawn throws at a restart: nothing is thrown out of the timer', async () => {
    const worker = use(
      createWorker(sh('read line; exit 1'), {
        supervise: restartOnExit({ delayMs: 1, maxRestarts: 3 }),
      }),
    );
    const { states } = record(worker);
    await until(worker, 'running');
    hostEnv.TOO_LONG = long;
    worker.send.next('end');
    const { error } = await until(worker, 'failed');
    expect(error).toBeInstanceOf(RestartLimitError);
    expect(error.cause).toMatchObject({ name: 'SpawnError', code: 'E2BIG' });
    const refused = ['backoff', 'starting', 'exited'];
    expect(states.slice(2)).toEqual(['exited', ...refused, ...refused, ...refused, 'failed']);
  });

  it('6: spawn throws at a restart, then no more: the program runs again', async () => {
    const worker = use(
      createWorker(sh('read line; exit 1'), { supervise: restartOnExit({ delayMs: 1 }) }),
    );
    await until(worker, 'running');
    hostEnv.TOO_LONG = long;
    worker.send.next('end');
    await first(worker.status$, ({ state }) => state === 'backoff');
    await first(
      worker.status$,
      (status) => status.state === 'exited' && status.exit.generation === 2,
    );
    delete hostEnv.TOO_LONG;
    const { generation } = await until(worker, 'running');
    expect(generation).toBeGreaterThan(2);
  });

  it.each([
    ['argument', () => createWorker(['echo', 'a\0b'])],
    ['program', () => createWorker('ec\0ho')],
    ['cwd', () => createWorker('echo', { cwd: '/\0' })],
    ['variable', () => createWorker('echo', { env: { A: 'a\0b' } })],
  ])('6: a NUL in the %s is a TypeError at the call', (_where, call) => {
    expect(call).toThrow(TypeError);
    expect(call).toThrow('NUL');
  });

  it.each([
    ['no directory there', { cwd: here('none') }, 'ENOENT', /cwd ".*none" does not exist/],
    ['not a directory', { cwd: here('program.c') }, 'ENOTDIR', /cwd ".*" is not a directory/],
    ['no program on its PATH', { env: { PATH: here('.') } }, 'ENOENT', /PATH of the given env/],
    ['too long', { env: { A: long } }, 'E2BIG', /arguments and env are longer/],
  ])('32: wrong cwd or env: %s', async (_fault, options, code, reason) => {
    const worker = use(createWorker('cat', options));
    const { states } = record(worker);
    const { error } = await until(worker, 'failed');
    expect(states).toEqual(['starting', 'exited', 'failed']);
    expect(error).toBeInstanceOf(SpawnError);
    expect(error).toMatchObject({ code });
    expect(error.message).toMatch(reason);
  });

  it.each([{ env: { A: 1 } }, { env: 'A=1' }, { env: null }, { cwd: 1 }, { cwd: null }])(
    '32: %j is a TypeError at the call',
    (options) => {
      expect(() => createWorker('cat', options as object)).toThrow(TypeError);
    },
  );
});
