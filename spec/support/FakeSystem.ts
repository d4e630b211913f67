import type { VirtualTimeScheduler } from 'rxjs';
import type { Launch, Program, ProgramEvents, StopSignal } from '../../src/process/Program.js';

/** How a fake program takes a stop. */
export type Temper = 'polite' | 'deaf' | 'stubborn' | 'immortal';

/** Which signal or end-of-file ends a program of that temper. */
const ENDED_BY: Readonly<Record<Temper, readonly string[]>> = {
  polite: ['eof', 'SIGTERM', 'SIGKILL'],
  deaf: ['SIGTERM', 'SIGKILL'],
  stubborn: ['SIGKILL'],
  immortal: [],
};

/** An operating system whose programs exist in memory and whose time is virtual. */
export class FakeSystem {
  readonly programs: FakeProgram[] = [];
  /** How the next program takes a stop. */
  temper: Temper = 'polite';
  /** What the system says to the next spawn; `undefined` lets it run. */
  refusal: Error | undefined;

  constructor(private readonly scheduler: VirtualTimeScheduler) {}

  readonly launch: Launch = (_plan, events) => {
    const program = new FakeProgram(1_000 + this.programs.length, this.temper, events);
    const { refusal } = this;
    if (refusal) {
      this.scheduler.schedule(() => {
        events.refused(refusal);
      });
      return { ...unborn, write: program.write };
    }
    this.programs.push(program);
    this.scheduler.schedule(() => {
      if (program.alive()) events.spawned();
    });
    return program;
  };

  /** Programs that are not reaped. */
  get living(): readonly FakeProgram[] {
    return this.programs.filter((program) => program.alive());
  }

  /** The newest program. */
  get newest(): FakeProgram | undefined {
    return this.programs.at(-1);
  }

  /** Lets virtual time pass, moment by moment, and everything that is due happen. */
  async pass(ms: number): Promise<void> {
    const { scheduler } = this;
    const end = scheduler.frame + ms;
    for (;;) {
      await settled();
      const due = Math.min(...scheduler.actions.map((action) => action.delay));
      if (due > end) break;
      scheduler.maxFrames = due;
      scheduler.flush();
    }
    scheduler.frame = end;
  }
}

/** A program in memory. */
export class FakeProgram implements Program {
  readonly received: string[] = [];
  readonly signals: StopSignal[] = [];
  inputEnded = false;
  paused = false;
  #alive = true;

  constructor(
    readonly pid: number,
    private readonly temper: Temper,
    private readonly events: ProgramEvents,
  ) {}

  /** Writes to its stdout. */
  print(text: string): void {
    this.events.stdout(Buffer.from(text));
  }

  /** Exits, by itself or by a signal from outside. */
  exit(code: number | null, signal: NodeJS.Signals | null = null): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.events.exited(code, signal);
    this.events.closed();
  }

  readonly write: Program['write'] = (data, done) => {
    this.received.push(
      ...Buffer.from(data as string)
        .toString()
        .split('\n')
        .slice(0, -1),
    );
    queueMicrotask(done);
  };

  end(): void {
    this.inputEnded = true;
    this.#take('eof', () => {
      this.exit(0);
    });
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  signal(signal: StopSignal): void {
    this.signals.push(signal);
    this.#take(signal, () => {
      this.exit(null, signal);
    });
  }

  alive(): boolean {
    return this.#alive;
  }

  close(): void {
    this.events.closed();
  }

  release(): void {
    // Nothing is held.
  }

  /** Ends a moment later, as a real program would. */
  #take(cause: string, end: () => void): void {
    if (ENDED_BY[this.temper].includes(cause)) queueMicrotask(end);
  }
}

const unborn: Program = {
  pid: undefined,
  write: () => undefined,
  end: () => undefined,
  pause: () => undefined,
  resume: () => undefined,
  signal: () => undefined,
  alive: () => false,
  close: () => undefined,
  release: () => undefined,
};

/** When the microtasks that are due now, and those that they cause, are done. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
}
