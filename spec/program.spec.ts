/** The example program behaves alike in all its forms: prebuilt, built from its source, in Node. */
import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

interface Form {
  name: string;
  /** The requirement that this machine does not meet, if any. */
  needs?: string | undefined;
  command: string;
  args?: string[];
  env?: NodeJS.ProcessEnv;
  prepare?(): void | Promise<void>;
  cleanUp?(): void | Promise<void>;
}

interface Case {
  name: string;
  args?: string[];
  /** The writes to the program's stdin. */
  input: (string | Buffer)[];
  /** Whether stdin is left open, so that the program has to end by itself. */
  open?: boolean;
  /** The program's output, after its arguments. */
  answers: string;
}

const fixture = (name: string) => resolve(__dirname, '../fixtures', name);
const works = (command: string | undefined) =>
  command !== undefined && command !== '' && spawnSync(command, ['--version']).status === 0;
const temporary = join(tmpdir(), `simple-ipc-program-${randomUUID()}`);
beforeAll(() => {
  mkdirSync(temporary);
});
afterAll(() => {
  rmSync(temporary, { recursive: true, force: true, maxRetries: 10 });
});

const windows = process.platform === 'win32';
const linux = process.platform === 'linux';
const x64 = process.arch === 'x64';
const compiler = [process.env.CC, 'cc', 'gcc', 'clang'].find(works);
const built = join(temporary, windows ? 'program.exe' : 'program');

// Wine keeps processes in the background. With an environment of their own they don't count as left
// behind by a test; `cleanUp` ends them.
const wineEnv = {
  PATH: process.env.PATH,
  HOME: temporary,
  WINEPREFIX: join(temporary, 'wine'),
  WINEDEBUG: '-all',
  WINEDLLOVERRIDES: 'mscoree,mshtml,winemenubuilder.exe=', // nothing to download, no menus
};
let wineSession: ReturnType<typeof start> | undefined;
const wine: Form = {
  name: 'program.exe under wine',
  needs: !windows && x64 && works('wine') ? undefined : 'wine',
  command: 'wine',
  args: [fixture('program.exe')],
  env: wineEnv,
  async prepare() {
    // The first start sets wine's folder up, which takes a while. The program then waits for input,
    // which keeps wine up: it would start and stop its background processes with each program.
    const { child, closed } = (wineSession = start(wine, ['ready'], 0));
    await Promise.race([once(child.stdout, 'data'), closed]);
    expect(child.exitCode).toBeNull();
  },
  async cleanUp() {
    wineSession?.child.kill('SIGKILL');
    await wineSession?.closed;
    const options = { env: wineEnv, stdio: 'ignore', timeout: 30_000 } as const;
    spawnSync('wineserver', ['--kill'], options);
    expect(spawnSync('wineserver', ['--wait'], options).status).toBe(0); // all are gone
  },
};

const forms: Form[] = [
  {
    name: 'program.mjs',
    command: process.execPath,
    args: [fixture('program.mjs')],
  },
  {
    name: 'program, prebuilt',
    needs: linux && x64 ? undefined : 'Linux x64',
    command: fixture('program'),
  },
  {
    name: 'program.exe, prebuilt',
    needs: windows ? undefined : 'Windows',
    command: fixture('program.exe'),
  },
  wine,
  {
    name: 'program.c, built now',
    needs: compiler === undefined ? 'a C compiler' : undefined,
    command: built,
    prepare() {
      const options = ['-std=c99', '-pedantic', '-Wall', '-Wextra'];
      const build = spawnSync(compiler ?? 'cc', [...options, '-o', built, fixture('program.c')]);
      expect({ status: build.status, warnings: String(build.stderr) }).toEqual({
        status: 0,
        warnings: '',
      });
    },
  },
];

const thousandDigits = '1234567890'.repeat(100);
const millionDigits = '9876543210'.repeat(100_000);
const overflowing = [8n, 16n, 32n, 64n].map((bits) => String(2n ** bits + 42n));
const answer = (number: string) => `${(BigInt(number) % 42n) + 1n}\n`;

/** Lines that get no answer. */
const ignored = [
  '', // an empty line
  'twenty-one',
  '21a',
  'a21',
  '-21',
  '+21',
  ' 21',
  '42 ',
  '4 2',
  '42\t',
  '21.0',
  '2e1',
  '0x15',
  '٢١', // digits of another script
  '\uFEFF21', // a byte order mark
  '4\u00002', // NUL in the number 42
  '42\0',
  '\0',
  '4\r2', // a CR that does not end the line
  '\r42',
  '42\r\r',
  '21\v21',
  '21\f21',
  '21\u008521\u202821\u202921', // other line breaks of Unicode
];

const cases: Case[] = [
  {
    name: 'arguments',
    args: ['one', 'two words', '', '*', '"quoted"', 'back\\slash\\', '%PATH%', '$HOME', '--help'],
    input: [],
    answers: '',
  },
  { name: 'no arguments', args: [], input: ['21\n'], answers: '22\n' },
  { name: 'the end of the input, at once', input: [], answers: '' },
  { name: 'numbers', input: ['0\n', '21\n', '41\n', '83\n'], answers: '1\n22\n42\n42\n' },
  { name: '42', input: ['42\n'], open: true, answers: '' },
  { name: '42 after other lines', input: ['0\nx\n', '42\n'], open: true, answers: '1\n' },
  { name: '42 before other lines', input: ['0\n42\n1\n42\n'], open: true, answers: '1\n' },
  { name: '0042', input: ['0042\n'], open: true, answers: '' },
  { name: '42, CRLF', input: ['42\r\n'], open: true, answers: '' },
  { name: '42, unterminated', input: ['0\n42'], answers: '1\n' },
  { name: 'other leading zeros', input: ['00\n0021\n00420\n'], answers: '1\n22\n1\n' },
  { name: 'multiples of 42', input: ['84\n420\n4242\n'], answers: '1\n1\n1\n' },
  {
    name: 'several lines in one write',
    input: ['0\n21\n\n41\nx\n83\n'],
    answers: '1\n22\n42\n42\n',
  },
  {
    name: 'every byte in its own write',
    input: '21\r\nx1\n\n83\n042\n'.split(''),
    open: true,
    answers: '22\n42\n',
  },
  {
    name: 'writes across lines',
    input: ['0\n2', '1\n4', '1', '\n83', '\n'],
    answers: '1\n22\n42\n42\n',
  },
  { name: 'CRLF', input: ['0\r\n\r\n21\r\n'], answers: '1\n22\n' },
  { name: 'CRLF in two writes', input: ['21\r', '\n41\r', 'x\n0\r', '\n'], answers: '22\n1\n' },
  { name: 'an unterminated last line', input: ['0\n21'], answers: '1\n22\n' },
  { name: 'an unterminated last line with CR', input: ['0\n21\r'], answers: '1\n22\n' },
  { name: 'an unterminated last line that is no number', input: ['0\n21x'], answers: '1\n' },
  {
    name: '1,000 digits',
    input: [`${thousandDigits}\n0\n`],
    answers: `${answer(thousandDigits)}1\n`,
  },
  {
    name: '1,000,000 digits',
    input: [`${millionDigits}\n0\n`],
    answers: `${answer(millionDigits)}1\n`,
  },
  {
    name: 'numbers that overflow to 42',
    input: overflowing.map((number) => `${number}\n`),
    answers: overflowing.map(answer).join(''),
  },
  { name: '1,000,000 zeros and 42', input: [`${'0'.repeat(1e6)}42\n`], open: true, answers: '' },
  { name: '1,000,000 digits and a letter', input: [`${millionDigits}x\n0\n`], answers: '1\n' },
  { name: '20,000 lines', input: ['21\n'.repeat(20_000)], answers: '22\n'.repeat(20_000) },
  {
    name: 'bytes that are not UTF-8',
    input: [Buffer.from([0x32, 0xff, 0x31, 0x0a]), '0\n'],
    answers: '1\n',
  },
  {
    name: 'lines that hold anything but digits',
    // The number after each line identifies it, should it be answered.
    input: [ignored.map((line, i) => `${line}\n${i}\n`).join('')],
    answers: ignored.map((_, i) => `${i + 1}\n`).join(''),
  },
];

function start(form: Form, args: string[], timeout = 30_000) {
  const child = spawn(form.command, [...(form.args ?? []), ...args], {
    env: form.env ?? process.env,
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout,
    killSignal: 'SIGKILL',
  });
  child.stdin.on('error', () => undefined); // it may end before it has read all
  child.stdout.setEncoding('utf8');
  return { child, closed: once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]> };
}

async function run(form: Form, args: string[], { input, open }: Case) {
  const { child, closed } = start(form, args);
  let stdout = '';
  child.stdout.on('data', (text: string) => (stdout += text));
  // Once its arguments are there, it reads: from now on each write can arrive on its own.
  if (args.length > 0) await Promise.race([once(child.stdout, 'data'), closed]);
  for (const bytes of input) {
    child.stdin.write(bytes);
    if (input.length > 1) await sleep(5);
  }
  if (open !== true) child.stdin.end();
  const [code, signal] = await closed;
  return { stdout, code, signal };
}

for (const form of forms) {
  describe(form.name, () => {
    if (form.needs !== undefined) {
      it.skip(`cannot run here: it needs ${form.needs}`, () => undefined);
      return;
    }
    beforeAll(() => form.prepare?.(), 180_000);
    afterAll(() => form.cleanUp?.(), 90_000);

    it.each(cases)('$name', async (row) => {
      const args = row.args ?? ['ready'];
      const printed = args.map((argument, i) => `[${i + 1}] ${argument}\n`).join('');
      expect(await run(form, args, row)).toEqual({
        stdout: printed + row.answers,
        code: 0,
        signal: null,
      });
    });

    it('answers each line before it gets the next', async () => {
      const { child, closed } = start(form, []);
      const lines = ['0\n', '21\r\n', 'x\n41\n', '83\n', '42\n'];
      const next = () => child.stdin.write(lines.shift() ?? '');
      let stdout = '';
      next();
      for await (const text of child.stdout) {
        stdout += String(text);
        if (stdout.endsWith('\n')) next();
      }
      expect(stdout).toBe('1\n22\n42\n42\n');
      expect(await closed).toEqual([0, null]);
    });
  });
}
