import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const sideFile = fileURLToPath(new URL('../side.mjs', import.meta.url));

/** Whether a process can be tied to one processor core. */
export const canPin =
  process.platform === 'linux' && spawnSync('taskset', ['-c', '0', 'true']).status === 0;

/**
 * Runs one side of a benchmark in a process of its own.
 *
 * @returns what it measured, or `{ failure }`.
 */
export function measure(benchmark, side, size, limitSeconds) {
  const node = [process.execPath, ...(benchmark.nodeFlags ?? []), sideFile];
  const pin = benchmark.pinned ? ['taskset', '-c', '0'] : [];
  const [file, ...args] = [...pin, ...node, benchmark.file, side, size];
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, limitSeconds * 1000);
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ failure: error.message }));
    child.once('exit', () => clearTimeout(timer));
    child.once('close', (code, signal) => {
      const last = stdout.trim().split('\n').at(-1);
      if (late) resolve({ failure: `> ${limitSeconds} s` });
      else if (last?.startsWith('{')) resolve(JSON.parse(last));
      else resolve({ failure: `crashes: ${reasonIn(stderr) ?? signal ?? `exit code ${code}`}` });
    });
  });
}

function reasonIn(stderr) {
  return stderr.split('\n').find((line) => line.includes('Error'));
}
