import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';

const root = resolve(__dirname, '..');

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

describe.each(['imperative', 'reactive'])('examples/%s.ts', (name) => {
  it('talks to the program twice, whatever the directory it runs in, and ends by itself', () => {
    // By tsconfig.json, simple-ipc is what is in src/: nothing has to be built.
    const { status, signal, stdout, stderr } = spawnSync(
      process.execPath,
      [
        resolve(root, 'node_modules/tsx/dist/cli.mjs'),
        '--tsconfig',
        resolve(root, 'tsconfig.json'),
        resolve(root, `examples/${name}.ts`),
      ],
      { cwd: tmpdir(), encoding: 'utf8', timeout: 50_000, killSignal: 'SIGKILL' },
    );
    expect({ printed: stdout.split(/\r?\n/), stderr, status, signal }).toEqual({
      printed: [...transcript, ...transcript, ''],
      stderr: '',
      status: 0,
      signal: null,
    });
  });
});
