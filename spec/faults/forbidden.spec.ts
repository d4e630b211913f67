import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cleanUp, isAlive, temporaryFolder, watchWarnings } from '../support/programs.js';
import { startHost } from './startHost.js';

// Only root can make a program of root's that others may run.
const asRoot = process.platform === 'linux' && process.getuid?.() === 0 ? it : it.skip;

describe('F36: a program that its host may not signal', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  asRoot('is not said to have survived SIGKILL (needs root, on Linux)', async () => {
    const folder = temporaryFolder();
    chmodSync(folder, 0o755);
    const program = join(folder, 'become');
    // As sudo does: the real user changes, too.
    writeFileSync(
      `${program}.c`,
      '#include <unistd.h>\nint main(void) { return setuid(0) == 0 ? (int)sleep(1000) : 1; }',
    );
    expect(spawnSync('cc', [`${program}.c`, '-o', program]).status).toBe(0);
    chmodSync(program, 0o4755);
    const host = startHost(`
      process.setgroups([]);
      process.setgid(65534);
      process.setuid(65534);
      const isForbidden = (pid) => {
        try {
          return !process.kill(pid, 0);
        } catch {
          return true;
        }
      };
      const stop = { endInputMs: 0, terminateMs: 50, killMs: 50 };
      const worker = ipc.createWorker(['${program}'], { stop, orphanGuard: false });
      const { pid } = await until(worker, 'running');
      // Until then it is still the host's own user's.
      while (!isForbidden(pid)) await turn();
      say('pid', String(pid));
      await worker.stop();
      say('failed', worker.status$.value.error.message);
      process.exit();
    `);
    const pid = Number(await host.said('pid'));
    try {
      expect(await host.said('failed')).toBe(
        `"${program}" may not be signalled by this user (EPERM): process ${pid} is still there`,
      );
      expect(isAlive(pid)).toBe(true);
    } finally {
      process.kill(pid, 'SIGKILL');
      await host.death;
    }
  });
});
