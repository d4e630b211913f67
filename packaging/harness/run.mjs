import { spawnSync } from 'node:child_process';

/**
 * Runs a program to its end.
 *
 * @returns what it wrote to stdout.
 * @throws Error with all it wrote, if it fails or takes too long.
 */
export function run([file, ...args], { cwd, env = {}, seconds = 120 } = {}) {
  const { status, signal, error, stdout, stderr } = spawnSync(file, args, {
    cwd,
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0', ...env },
    encoding: 'utf8',
    timeout: seconds * 1_000,
    killSignal: 'SIGKILL',
    maxBuffer: Infinity,
    shell: process.platform === 'win32' && file === 'npm',
  });
  if (error) throw error;
  if (status === 0) return stdout;
  const output = `${stdout}${stderr}`.trim() || 'without output';
  throw new Error(`${file} ended with ${signal ?? status}: ${output}`);
}
