import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './run.mjs';

const packaging = fileURLToPath(new URL('../', import.meta.url));

/** Of the settings of npm those that a project without a lock file has use for. */
const NPMRC = 'audit=false\nfund=false\nignore-scripts=true\npackage-lock=false\n';

/** An empty project, somewhere else, in which the package is a dependency as any other. */
export class Project {
  /** Where it is. */
  folder = mkdtempSync(join(tmpdir(), 'simple-ipc-'));

  constructor() {
    this.write('package.json', JSON.stringify({ private: true }));
    this.write('.npmrc', NPMRC);
  }

  write(name, text) {
    writeFileSync(this.path(name), text);
  }

  /** Takes over a file of this folder. */
  copy(name, as = name) {
    mkdirSync(dirname(this.path(as)), { recursive: true });
    copyFileSync(join(packaging, name), this.path(as));
  }

  path(...names) {
    return join(this.folder, ...names);
  }

  /** @param packages - names with versions, or paths of tarballs. */
  install(...packages) {
    // What is outside the range of the peer is tried as well.
    this.run('npm', 'install', '--silent', '--legacy-peer-deps', ...packages);
  }

  run(...command) {
    return run(command, { cwd: this.folder });
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
