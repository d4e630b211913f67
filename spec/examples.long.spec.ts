import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { cleanUp, temporaryFolder } from './support/programs.js';

const root = resolve(__dirname, '..');

/** Runs an example; by tsconfig.json, simple-ipc is what is in src/: nothing has to be built. */
function run(name: string, cwd = tmpdir(), config = 'tsconfig.json') {
  const tsx = [resolve(root, 'node_modules/tsx/dist/cli.mjs'), '--tsconfig'];
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    [...tsx, resolve(root, config), resolve(root, `examples/${name}.ts`)],
    { cwd, encoding: 'utf8', timeout: 50_000, killSignal: 'SIGKILL' },
  );
  return { printed: stdout.trimEnd().split(/\r?\n/), stderr, status, signal };
}

const well = { stderr: '', status: 0, signal: null };

/** A test that needs a program; without the program it is skipped, and its name has the reason. */
function itWith(program: string, isThere: boolean, fact: string, test: () => void): void {
  if (isThere) it(fact, test);
  else it.skip(`${fact} (skipped: there is no ${program})`, test);
}

const PATH = `${process.env.PATH}:/usr/games`;
const answers = (file: string, arg: string) =>
  !spawnSync(file, [arg], { input: '', env: { ...process.env, PATH } }).error;
const fromNpm = (name: string) => existsSync(resolve(root, 'examples/programs/node_modules', name));

describe('examples', () => {
  afterEach(cleanUp);

  const transcript = [
    'Started worker',
    'Sending: 0',
    'Received: 1',
    'Data in main: 1',
    'Sending: 21',
    'Received: 22',
    'Data in main: 22',
    'Sending: 42',
    'Stopped worker [exit code: 0]',
    'Data in main: null',
  ];

  it.each(['imperative', 'reactive'])(
    '%s.ts talks to the program twice, whatever the directory it runs in, and ends by itself',
    (name) => expect(run(name)).toEqual({ ...well, printed: [...transcript, ...transcript] }),
  );

  it('restart.ts shows a restart, and an answer after it', () => {
    const { printed, ...end } = run('restart');
    expect(end).toEqual(well);
    const killed = printed.indexOf('exited (SIGKILL)');
    expect(printed.slice(0, killed)).toEqual([
      'starting',
      '  Sending: 20',
      'running',
      '  Received: 21',
    ]);
    const after = printed.slice(killed + 1);
    expect(after.slice(0, 5)).toEqual([
      'backoff (1000 ms)',
      '  Sending: 21',
      'starting',
      'running',
      '  Received: 22',
    ]);
    expect(after.at(-1)).toBe('stopped');
  });

  itWith('stockfish', answers('stockfish', 'quit'), 'chess.ts plays a mate in three', () =>
    expect(run('chess')).toEqual({
      ...well,
      printed: ['[starting]', '[running]', 'f6a6 f7f6 e5f6 g8g7 a6a8', '[exited]'],
    }),
  );

  itWith('git', answers('git', '--version'), 'gitObjects.ts shows the newest commits', () => {
    const repository = temporaryFolder();
    const identity = ['-c', 'user.name=Someone', '-c', 'user.email=someone@example.com'];
    const git = (...args: string[]) => {
      const { status, stderr } = spawnSync('git', [...identity, ...args], { cwd: repository });
      expect([status, String(stderr)]).toEqual([0, expect.any(String)]);
    };
    git('init', '--quiet');
    const titles = ['first', 'second', 'third: 長い', 'fourth'];
    for (const title of titles) {
      git('commit', '--quiet', '--allow-empty', '-m', `${title}\n\nA body.\n\nparent nosuch`);
    }
    const { printed, ...end } = run('gitObjects', repository);
    expect(end).toEqual(well);
    expect(printed.map((line) => line.replace(/^[0-9a-f]{7} /, '… '))).toEqual([
      ...titles.reverse().map((title) => `… ${title}`),
      'no/such/file is missing',
    ]);
  });

  it('thread.ts uses a program of the main thread in two threads, and leaves it running', () =>
    expect(run('thread')).toEqual({
      ...well,
      printed: [
        'Doubled in a thread: 40 and 42',
        'Doubled in a thread: 40 and 42',
        'The program is running: the threads only hung up.',
      ],
    }));

  itWith(
    'bc',
    answers('bc', '--version'),
    'electron calculates in the main process of a look-alike',
    () =>
      expect(run('electron/main', tmpdir(), 'examples/electron/tsconfig.json')).toEqual({
        ...well,
        printed: [
          '6 * 7 = 42',
          '2 ^ 64 = 18446744073709551616',
          'RefusedError: "calculator" was refused: only numbers, please',
          'The application has quit.',
        ],
      }),
  );

  const mcp = '@modelcontextprotocol/server-filesystem';
  itWith(mcp, fromNpm(mcp), 'mcp.ts lists tools, calls one, and closes', () =>
    expect(run('mcp')).toEqual({
      ...well,
      // The server's log.
      stderr: expect.stringContaining('running on stdio'),
      printed: [
        expect.stringMatching(/^It can (\w+, )*read_text_file\b/),
        readFileSync(resolve(root, 'fixtures/program.mjs'), 'utf8').split('\n')[0],
        'stopped',
      ],
    }),
  );

  const server = 'typescript-language-server';
  itWith(server, fromNpm(server), 'languageServer.ts shows what a hover shows', () => {
    const { printed, ...end } = run('languageServer');
    expect(end).toEqual(well);
    expect(printed).toContain('const answer: number');
    expect(printed).toContain('To everything.');
    expect(printed.at(-1)).toBe('stopped');
  });

  itWith('python3', answers('python3', '--version'), 'pythonPool.ts outlives a failure', () => {
    const { printed, ...end } = run('pythonPool');
    expect(end).toEqual(well);
    expect(printed.sort()).toEqual([
      '168 primes below 1000',
      '4 primes below 10',
      '78498 primes below 1000000',
      '9592 primes below 100000',
      expect.stringMatching(/^many: ValueError: .*'many'$/),
    ]);
  });

  const names = readdirSync(resolve(root, 'examples')).filter((name) => name.endsWith('.ts'));

  it.each(names)('%s has less than 60 lines', (name) => {
    const text = readFileSync(resolve(root, 'examples', name), 'utf8');
    expect(text.trimEnd().split('\n').length).toBeLessThan(60);
  });
});
