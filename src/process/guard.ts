import { spawn, type ChildProcess } from 'node:child_process';
import { codeOf, isTransient } from '../contract/errors.js';
import { warn } from '../contract/warn.js';
import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import type { Registry } from './posixTree.js';

/**
 * The script of the guard. Its list of ids (as kill(1) takes them) begins with its arguments and follows its
 * input: `+ id`, `- id`. At the end of the input it sends SIGTERM to the list, and SIGKILL a second later.
 * Everything but `sleep` is built into the shell; without `sleep` SIGKILL follows at once.
 */
const SCRIPT = `
list=" $* "
while read -r op id; do
  case $op in
    +) list="$list$id " ;;
    -) case $list in *" $id "*) list="\${list%% $id *} \${list#* $id }" ;; esac ;;
  esac
done
each() {
  left=' '
  for id in $list; do kill -s "$1" -- "$id" && left="$left$id "; done
  list=$left
}
each TERM
each CONT
for turn in 1 2 3 4 5 6 7 8 9 10; do
  case $list in ' ') exit ;; esac
  sleep 0.1 || break
  each 0
done
each KILL
`;

/** The delay before another attempt when the system is short of files or processes. */
const RETRY_MS = 250;

/** A guard that ends `deaths` times in a row, each within `withinMs` of its start, is not started again. */
const GIVE_UP_AFTER = { deaths: 3, withinMs: 1_000 };

/**
 * Ends the programs of a host that dies, whatever the cause. The host holds one end of a pipe; when the host is
 * gone the kernel closes the pipe, and the guard at the other end ends every group on its list. The host gets no
 * signal handler, no exit hook and no reference that keeps it alive.
 */
export class Guard implements Registry {
  readonly #ids = new Set<number>();
  #shell: ChildProcess | undefined;
  #deaths = 0;

  /** @param file - the shell; another one for tests. */
  constructor(private readonly file = '/bin/sh') {}

  /** The guard's process id, while it runs. */
  get pid(): number | undefined {
    return this.#shell?.pid;
  }

  add(id: number): void {
    this.#ids.add(id);
    if (this.#shell) this.#write('+', id);
    else this.#start();
  }

  delete(id: number): void {
    if (this.#ids.delete(id)) this.#write('-', id);
  }

  #start(): void {
    if (this.#deaths >= GIVE_UP_AFTER.deaths) return;
    const startedAt = performance.now();
    let shell: ChildProcess | undefined;
    const gone = (error?: unknown): void => {
      if (this.#shell !== shell) return;
      this.#shell = undefined;
      if (isTransient(codeOf(error))) {
        setTimeout(() => this.#startIfNeeded(), RETRY_MS).unref();
        return;
      }
      this.#deaths = performance.now() - startedAt < GIVE_UP_AFTER.withinMs ? this.#deaths + 1 : 1;
      if (this.#deaths === GIVE_UP_AFTER.deaths) {
        warn(`${this.file} cannot guard: programs may outlive this process`);
      }
      this.#startIfNeeded();
    };
    // The first list goes into the arguments: they cannot be late, as a first write can be in some runtimes.
    const args = ['-c', SCRIPT, 'simple-ipc guard', ...[...this.#ids].map(String)];
    try {
      shell = spawn(this.file, args, {
        // A session of its own, so that Ctrl-C and hang-up reach the host alone.
        detached: true,
        cwd: '/',
        env: {},
        stdio: ['pipe', 'ignore', 'ignore'],
      });
    } catch (error) {
      gone(error);
      return;
    }
    this.#shell = shell;
    shell
      .once('error', gone)
      .once('exit', () => gone())
      .unref();
    // `undefined` when the system is short of files. A socket in Node; in Bun it needs no unref().
    const pipe = shell.stdin as (Writable & Partial<Pick<Socket, 'unref'>>) | null | undefined;
    pipe?.on('error', () => undefined).unref?.();
  }

  #startIfNeeded(): void {
    if (this.#ids.size > 0 && !this.#shell) this.#start();
  }

  #write(op: '+' | '-', id: number): void {
    this.#shell?.stdin?.write(`${op} ${String(id)}\n`);
  }
}

/** The guard of this host; it starts with the first program. */
export const guard = new Guard();
