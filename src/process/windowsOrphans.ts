import type { spawn } from 'node:child_process';

/** The span in which a process can have had children, in milliseconds since 1970. */
export interface Lifetime {
  readonly from: number;
  readonly to: number;
}

/** Lists all processes: id, parent, and time of creation (in milliseconds since 1970). */
const SCRIPT =
  'Get-CimInstance Win32_Process -Property ProcessId,ParentProcessId,CreationDate | Where-Object CreationDate | ' +
  'ForEach-Object { "$($_.ProcessId) $($_.ParentProcessId) $(([DateTimeOffset]$_.CreationDate).ToUnixTimeMilliseconds())" }';

/** Time for PowerShell to start and to answer. */
const LIMIT_MS = 10_000;

/** By how much the clocks of host and system may differ. */
const TOLERANCE_MS = 20;

/**
 * Ends the descendants of a process that has exited. Windows keeps the id of the parent with each process, and only
 * PowerShell can read it, which takes about a second.
 *
 * @param done - called at the end, after success or failure.
 */
export function endOrphans(pid: number, life: Lifetime, run: typeof spawn, done: () => void): void {
  const root = process.env.SystemRoot ?? 'C:\\Windows';
  const powershell = `${root}\\System32\\WindowsPowerShell\\v1.0\\powershell.exe`;
  const child = run(powershell, ['-NoProfile', '-NonInteractive', '-Command', SCRIPT], {
    stdio: ['ignore', 'pipe', 'ignore'],
    windowsHide: true,
    timeout: LIMIT_MS,
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  child.once('error', done);
  child.once('close', () => {
    for (const orphan of descendantsOf(pid, life, text)) {
      try {
        process.kill(orphan, 'SIGKILL');
      } catch {
        // It has ended meanwhile, or belongs to another user.
      }
    }
    done();
  });
}

/**
 * The descendants of a process in a list of all. A child was created in the lifetime of its parent: otherwise the
 * parent is another process, which had the id before or has got it since.
 */
function descendantsOf(pid: number, { from, to }: Lifetime, list: string): number[] {
  const rows = list.match(/^\d+ \d+ \d+/gm)?.map((row) => row.split(' ').map(Number)) ?? [];
  return rows.flatMap(([child = 0, parent = 0, createdAt = 0]) => {
    const isChild =
      parent === pid && createdAt >= from - TOLERANCE_MS && createdAt <= to + TOLERANCE_MS;
    return isChild ? [child, ...descendantsOf(child, { from: createdAt, to: Infinity }, list)] : [];
  });
}
