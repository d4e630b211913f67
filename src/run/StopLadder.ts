import type { Clock } from '../rx/clock.js';
import type { StopOptions } from './RunPlan.js';
import type { StopStage } from '../contract/status.js';
import type { Program, StopSignal } from '../process/Program.js';

const STAGES: readonly StopStage[] = ['eof', 'term', 'kill'];

/** The run that a ladder stops. */
export interface Rungs {
  /** Closes stdin after what is queued. */
  endInput(): void;
  /** A rung is about to be climbed. */
  stage(stage: StopStage): void;
  /** Even SIGKILL did not end the program in time. */
  survived(): void;
}

/** End-of-file, SIGTERM (or the signal that was chosen), SIGKILL: each rung has its time. */
export class StopLadder {
  #cancel: () => void = () => undefined;

  constructor(
    private readonly program: Program,
    private readonly plan: { readonly clock: Clock; readonly stop: StopOptions },
    private readonly rungs: Rungs,
  ) {}

  /** Climbs from a rung to the last, until cancelled. */
  climb(stage: StopStage): void {
    this.#cancel();
    const next = STAGES[STAGES.indexOf(stage) + 1];
    this.#cancel = this.plan.clock.after(this.#timeOf(stage), () => {
      if (next) this.climb(next);
      else this.rungs.survived();
    });
    this.rungs.stage(stage);
    this.#act(stage);
  }

  /** Stands still: the program has exited. */
  cancel(): void {
    this.#cancel();
  }

  #timeOf(stage: StopStage): number {
    const { endInputMs, terminateMs, killMs } = this.plan.stop;
    return { eof: endInputMs, term: terminateMs, kill: killMs }[stage];
  }

  #act(stage: StopStage): void {
    if (stage === 'eof') this.rungs.endInput();
    else if (stage === 'kill') this.program.signal('SIGKILL');
    else terminate(this.program, this.plan.stop.signal);
  }
}

/** Asks a group to end; SIGCONT wakes what is stopped, so that it can. */
export function terminate(program: Program, signal: StopSignal): void {
  program.signal(signal);
  program.signal('SIGCONT');
}
