import type { StopRequest } from 'simple-ipc/testing';

/** The policy that the model knows: none, or `restartOnExit` without jitter. */
export interface ModelPolicy {
  readonly delayMs: number;
  readonly maxRestarts: number;
  readonly withinMs: number;
  readonly stableAfterMs: number;
}

/** How a program takes a stop: `deaf` to end-of-file, `stubborn` against SIGTERM too, `immortal` against all. */
export type Temper = 'polite' | 'deaf' | 'stubborn' | 'immortal';

/** The events that a program of that temper ignores. */
export const IGNORES: Readonly<Record<Temper, readonly StopRequest[]>> = {
  polite: [],
  deaf: ['eof'],
  stubborn: ['eof', 'SIGTERM'],
  immortal: ['eof', 'SIGTERM', 'SIGKILL'],
};

/** How long each temper withstands the ladder's default times; the immortal is given up then. */
const WITHSTANDS: Readonly<Record<Temper, number>> = {
  polite: 0,
  deaf: 1_000,
  stubborn: 6_000,
  immortal: 8_000,
};

interface ModelProgram {
  readonly since: number;
  readonly temper: Temper;
  cause?: 'requested' | 'recycled';
  /** When its stop is over. */
  dueAt: number;
}

/** The specification of a worker in its simplest form: no streams, no callbacks, no timers. */
export class LifeModel {
  now = 0;
  generation = 0;
  temper: Temper = 'polite';
  /** At rest, one that has survived. */
  program: ModelProgram | undefined;
  #phase: 'resting' | 'living' | 'ending' = 'resting';
  #resting: 'stopped' | 'exited' | 'failed' = 'stopped';
  #restartAt = Infinity;
  #startAgain = false;
  #attempt = 0;
  #spent: number[] = [];

  constructor(private readonly policy: ModelPolicy | undefined) {}

  get state(): string {
    if (this.#phase === 'resting') return this.#resting;
    if (this.program) return this.program.cause ? 'stopping' : 'running';
    return 'backoff';
  }

  get isResting(): boolean {
    return this.#phase === 'resting';
  }

  start(): void {
    if (this.#phase === 'ending') this.#startAgain = true;
    if (this.#phase !== 'resting' || this.program) return;
    this.#phase = 'living';
    this.#beginAnew();
  }

  stop(): void {
    this.#startAgain = false;
    if (this.#phase === 'resting') return;
    this.#phase = 'ending';
    this.#restartAt = Infinity;
    if (this.program) this.#climb('requested');
    else this.#rest('stopped');
  }

  restart(): void {
    if (this.#phase !== 'living') return;
    if (this.program) this.#climb('recycled');
    else this.#beginAnew();
  }

  /** The program ends by itself, or by a signal from outside. */
  end(success: boolean): void {
    const { program } = this;
    if (!program) return;
    this.program = undefined;
    if (this.#phase === 'resting') return;
    if (this.#phase === 'ending') this.#rest('stopped');
    else if (program.cause) this.#spawn();
    else if (success) this.#rest('exited');
    else if (this.policy) this.#backOff(this.policy, program);
    else this.#rest('failed');
  }

  pass(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      const due = Math.min(this.#restartAt, this.program?.dueAt ?? Infinity);
      if (due > until) break;
      this.now = due;
      if (due === this.#restartAt) this.#spawn();
      else if (this.program?.temper === 'immortal') this.#giveUp(this.program);
      else this.end(false);
    }
    this.now = until;
  }

  #climb(cause: 'requested' | 'recycled'): void {
    const { program } = this;
    if (!program) return;
    if (program.cause) {
      if (cause === 'requested') program.cause = cause;
      return;
    }
    program.cause = cause;
    program.dueAt = this.now + WITHSTANDS[program.temper];
    this.pass(0);
  }

  /** It survived SIGKILL: until it ends, nothing is started. */
  #giveUp(program: ModelProgram): void {
    program.dueAt = Infinity;
    this.#startAgain = false;
    this.#rest('failed');
  }

  #backOff(policy: ModelPolicy, program: ModelProgram): void {
    this.#spent = this.#spent.filter((at) => this.now - at < policy.withinMs);
    this.#spent.push(this.now);
    if (this.#spent.length > policy.maxRestarts) {
      this.#rest('failed');
      return;
    }
    this.#attempt = this.now - program.since >= policy.stableAfterMs ? 1 : this.#attempt + 1;
    this.#restartAt = this.now + policy.delayMs * 2 ** (this.#attempt - 1);
  }

  #beginAnew(): void {
    this.#attempt = 0;
    this.#spent = [];
    this.#spawn();
  }

  #spawn(): void {
    this.generation++;
    this.#restartAt = Infinity;
    this.program = { since: this.now, temper: this.temper, dueAt: Infinity };
  }

  #rest(state: 'stopped' | 'exited' | 'failed'): void {
    this.#phase = 'resting';
    this.#resting = state;
    const again = this.#startAgain;
    this.#startAgain = false;
    if (again) this.start();
  }
}
