import { VirtualTimeScheduler, type MonoTypeOperatorFunction } from 'rxjs';
import { createWorker, StopError, type WorkerOptions, type WorkerStatus } from 'simple-ipc';
import { advance, fakeProgram } from 'simple-ipc/testing';
import type { Program } from '../../src/process/Program.js';
import { expectEdges, Starts } from './expectEdges.js';
import { IGNORES, type Temper } from './LifeModel.js';
import { takeWarnings } from './programs.js';

/** The `maxLineBytes` of its worker, where it has one. */
export const MAX_LINE_BYTES = 50;
/** A worker over fake programs in virtual time, and all that was seen of it. */
export class LifeRig {
  readonly scheduler = new VirtualTimeScheduler();
  readonly program;
  readonly starts;
  readonly worker;
  readonly statuses: WorkerStatus[] = [];
  readonly others: WorkerStatus[] = [];
  readonly ends: string[] = [];
  readonly rejected: number[] = [];
  readonly output: string[] = [];
  readonly printed: string[] = [];
  readonly stderr: string[] = [];
  readonly warnings: string[] = [];
  /** The programs that have written what cannot be read. */
  readonly garbled = new Set<unknown>();
  temper: Temper = 'polite';
  sent = 0;
  /** How many wait for a stop or a restart. */
  waiting = 0;

  constructor(
    policyOf: (scheduler: VirtualTimeScheduler) => MonoTypeOperatorFunction<WorkerStatus>,
    options: WorkerOptions = {},
  ) {
    const { scheduler } = this;
    // Looked at when a run starts.
    const ignores = () => IGNORES[this.temper];
    this.program = fakeProgram(undefined, {
      scheduler,
      get ignores() {
        return ignores();
      },
    });
    this.starts = new Starts(this.program.options.launch!);
    const supervise = policyOf(scheduler);
    const { launch } = this.starts;
    this.worker = createWorker('fake', { ...options, start: false, supervise, scheduler, launch });
    this.worker.status$.subscribe({
      next: (status) => this.statuses.push(status),
      error: () => this.ends.push('error'),
      complete: () => this.ends.push('complete'),
    });
    this.worker.status$.subscribe((status) => this.others.push(status));
    this.worker.rejected$.subscribe(({ value }) => this.rejected.push(Number(value)));
    this.worker.output$.subscribe((line) => this.output.push(line));
    this.worker.stderr$.subscribe((line) => this.stderr.push(line));
  }

  get state() {
    return this.worker.status$.value.state;
  }

  get living() {
    return this.program.runs.filter(({ isAlive }) => isAlive);
  }

  /** Whether a program has survived SIGKILL and is not reaped yet. */
  get hasSurvivor(): boolean {
    const status = this.worker.status$.value;
    return status.state === 'failed' && status.error instanceof StopError && this.living.length > 0;
  }

  get received(): number[] {
    return this.program.runs.flatMap(({ received }) => received).map(Number);
  }

  pass(ms: number): Promise<void> {
    return advance(this.scheduler, ms);
  }

  start(): void {
    const isRefused = this.hasSurvivor;
    this.starts.areAsked = !isRefused;
    this.worker.start();
    if (isRefused) expect(takeWarnings()).toHaveLength(1);
  }

  stop(): void {
    this.starts.areAsked = false;
    this.wait(this.worker.stop());
  }

  wait(promise: Promise<void>): void {
    this.waiting++;
    void promise.then(() => this.waiting--);
  }

  print(line: string): void {
    const [program] = this.living;
    if (!program) return;
    program.print(line);
    if (line.length > MAX_LINE_BYTES) this.garbled.add(program);
    // Output after a framing error is ignored.
    if (!this.garbled.has(program)) this.printed.push(line);
  }

  /** Whatever is written from now on fails, as it does when a program has closed its stdin. */
  closeStdin(): void {
    const write: Program['write'] = (_data, done) => {
      void Promise.resolve().then(() => done(new Error('write EPIPE')));
    };
    if (this.living[0]) Object.assign(this.living[0], { write });
  }

  /** The resources of the worker: none at rest (I5), and every input is accounted for. */
  get held() {
    return {
      programs: this.living.length - (this.hasSurvivor ? 1 : 0),
      actions: this.scheduler.actions.length,
      inputs: this.sent - this.received.length - this.rejected.length,
      promises: this.waiting,
    };
  }

  /** The invariants that can be checked once, at the end: I1 to I4, I6 and I7. */
  check(): void {
    expect(this.starts.broken).toEqual([]);
    expectEdges(this.statuses);
    expect(this.others).toEqual(this.statuses);
    expect(this.ends).toEqual(['disposed', 'complete']);
    expect(this.output).toEqual(this.printed);
    expect(this.stderr).toEqual([]);
    expect(this.warnings).toEqual([]);
    const { received, rejected } = this;
    // Once, in order, or rejected.
    expect(received).toEqual([...received].sort((a, b) => a - b));
    expect(new Set([...received, ...rejected]).size).toBe(received.length + rejected.length);
  }
}

/** The resources of a worker at rest. */
export const NOTHING = { programs: 0, actions: 0, inputs: 0, promises: 0 };
