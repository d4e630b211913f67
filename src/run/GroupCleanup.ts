import type { Clock } from '../rx/clock.js';
import type { StopTimes } from './RunPlan.js';
import type { Program } from '../process/Program.js';
import { terminate } from './StopLadder.js';

/** How often a dying group is looked at, in milliseconds: at first, at most. */
const POLL = { first: 5, max: 100 };

/**
 * The steps after a program's exit: its pipes get `drainMs` to close, then what is left of its group is
 * ended, then our side of the pipes is closed.
 */
export class GroupCleanup {
  #phase: 'draining' | 'ending' | 'closing' = 'draining';
  #closed = false;
  readonly #cancelDrain: () => void;

  constructor(
    private readonly program: Program,
    private readonly run: { readonly clock: Clock; readonly stop: StopTimes },
    private readonly done: () => void,
  ) {
    this.#cancelDrain = run.clock.after(run.stop.drainMs, () => this.#endGroup());
  }

  /** The pipes are closed at the other end: all the output was read. */
  closed(): void {
    this.#closed = true;
    if (this.#phase === 'draining') this.#endGroup();
    else if (this.#phase === 'closing') this.done();
  }

  /** Ends the group at once: the run has no subscriber any more. */
  skipDrain(): void {
    if (this.#phase === 'draining') this.#endGroup();
  }

  #endGroup(): void {
    const { terminateMs, killMs } = this.run.stop;
    this.#phase = 'ending';
    this.#cancelDrain();
    if (!this.program.alive()) {
      this.#close();
      return;
    }
    // Not the stop signal, whose meaning is the program's own: a shell's background jobs ignore SIGINT and SIGQUIT.
    terminate(this.program, 'SIGTERM');
    this.#whenEmpty(terminateMs, () => {
      this.program.signal('SIGKILL');
      this.#whenEmpty(killMs, () => this.#close());
    });
  }

  /** Waits until the group is empty, for `ms`: where init does not reap, a zombie keeps it for ever. */
  #whenEmpty(ms: number, late: () => void): void {
    const { clock } = this.run;
    const deadline = clock.now() + ms;
    const look = (pauseMs: number): void => {
      if (!this.program.alive()) this.#close();
      else if (clock.now() >= deadline) late();
      else clock.after(Math.min(pauseMs, POLL.max), () => look(pauseMs * 2));
    };
    look(POLL.first);
  }

  #close(): void {
    this.#phase = 'closing';
    if (this.#closed) this.done();
    else this.program.close();
  }
}
