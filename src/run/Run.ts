import { defer, Subject, take, throwIfEmpty, type Subscription } from 'rxjs';
import {
  ExitError,
  FramingError,
  messageOf,
  StartTimeoutError,
  StopError,
} from '../contract/errors.js';
import type { Decoder } from '../framing/codec.js';
import { StderrDecoder } from '../framing/StderrDecoder.js';
import type { Exit, ExitReason } from '../contract/exit.js';
import type { StopCause, StopStage, WorkerStatus } from '../contract/status.js';
import type { ReadPosition } from '../contract/ReadPosition.js';
import { runGuarded } from '../rx/runGuarded.js';
import { GroupCleanup } from './GroupCleanup.js';
import { StdinWriter } from './StdinWriter.js';
import type { InputQueue } from './InputQueue.js';
import type { Program } from '../process/Program.js';
import { toSpawnError } from '../process/spawnError.js';
import type { RunPlan } from './RunPlan.js';
import { StopLadder } from './StopLadder.js';
import { Tail } from './Tail.js';

const STDERR_TAIL_BYTES = 64 * 1024;

/** The most that a pipe can hold: after so much, all that was written before the exit has been read. */
const PIPE_BYTES = 1024 * 1024;

/** The ends that a run is connected to, like the redirections of a shell. */
export interface RunPorts<Out, In> {
  readonly input: InputQueue<In>;
  readonly output: (value: Out) => void;
  /** Written before each chunk is decoded. */
  readonly position: ReadPosition;
  readonly stderr: (line: string) => void;
  /** `starting`, `running`, `stopping`. */
  readonly status: (status: WorkerStatus) => void;
  /** The program survived SIGKILL; `ended` follows if it dies yet. */
  readonly survived: (error: StopError) => void;
  /** The program is reaped, its output delivered, its group ended: nothing follows. */
  readonly ended: (exit: Exit, error: unknown) => void;
}

/** One incarnation of the program, from spawn to reaped. */
export class Run<Out, In> {
  readonly #plan: RunPlan<Out, In>;
  readonly #generation: number;
  readonly #ports: RunPorts<Out, In>;
  readonly #startedAt: number;
  readonly #program: Program;
  readonly #stdin: StdinWriter<In>;
  readonly #ladder: StopLadder;
  readonly #stderr: Decoder;
  readonly #tail = new Tail(STDERR_TAIL_BYTES);
  /** The output, for `ready`. */
  readonly #greeting$ = new Subject<Out>();
  /** Takes the decoded values: `ready` gets them as well, until it is over. */
  #deliver: (value: Out) => void;
  #stdout: Decoder | undefined;
  #readiness: Subscription | undefined;
  #stopping: { cause: StopCause; stage: StopStage } | undefined;
  #error: unknown;
  /** From `exited` on there is no process to signal or to pause; `ended`: its output and its group are gone, too. */
  #phase: 'starting' | 'running' | 'exited' | 'ended' = 'starting';
  #cleanup: GroupCleanup | undefined;
  #outputClosed = false;
  /** The output ended inside a value: the program may have died while it wrote that. */
  #truncated: FramingError | undefined;
  #isPaused = false;
  /** Bytes that were read while they should have been left in the pipe. */
  #unpausedBytes = 0;
  /** Unsubscribed from SIGTERM on. */
  #isLeft = false;

  /** Spawns the program. No status is emitted before `announce`. */
  constructor(plan: RunPlan<Out, In>, generation: number, ports: RunPorts<Out, In>) {
    this.#plan = plan;
    this.#generation = generation;
    this.#ports = ports;
    this.#deliver = ports.output;
    this.#startedAt = plan.clock.now();
    this.#stderr = new StderrDecoder(ports.stderr, STDERR_TAIL_BYTES);
    this.#program = plan.launch(plan, {
      spawned: this.#untilEnded(() => this.#spawned()),
      refused: this.#untilEnded((error: unknown) => this.#refused(error)),
      stdout: this.#untilEnded((chunk: Uint8Array) => {
        ports.position.chunks++;
        this.#decode((decoder) => decoder.write(chunk));
        if (this.#isPaused) this.#countUnpaused(chunk.length);
      }),
      stderr: this.#untilEnded((chunk: Uint8Array) => {
        this.#tail.write(chunk);
        this.#stderr.write(chunk);
      }),
      exited: this.#untilEnded((code: number | null, signal: NodeJS.Signals | null) =>
        this.#exited(code, signal),
      ),
      closed: this.#untilEnded(() => this.#closed()),
    });
    this.#stdin = new StdinWriter(plan.command, this.#program, ports.input);
    this.#ladder = new StopLadder(this.#program, plan, {
      endInput: () => {
        // Values sent in the turn of the start are input like any other, unless `ready` holds them back.
        if (!plan.ready) this.#stdin.open();
        this.#stdin.end();
      },
      stage: (stage) => this.#stage(stage),
      survived: () =>
        ports.survived(new StopError(plan.command, this.#pid, this.#program.isForbidden)),
    });
  }

  /** Ignores events after the run has ended. */
  #untilEnded<Args extends readonly unknown[]>(
    react: (...args: Args) => void,
  ): (...args: Args) => void {
    return (...args) => {
      if (this.#phase !== 'ended') react(...args);
    };
  }

  /** Emits `starting`, and connects the output. */
  announce(): void {
    const { pid } = this.#program;
    const generation = this.#generation;
    this.#ports.status({ state: 'starting', generation, ...(pid !== undefined && { pid }) });
    this.#connect();
  }

  /** Codecs are the user's: from here on the run can be stopped. */
  #connect(): void {
    const { codec, ready } = this.#plan;
    const { output } = this.#ports;
    if (ready) {
      this.#deliver = (value) => {
        output(value);
        this.#greeting$.next(value);
      };
    }
    try {
      this.#stdout = codec.decoder(ready ? (value) => this.#deliver(value) : output, this.#plan);
    } catch (cause) {
      this.stop('framing', 'eof', this.#unreadable('cannot be read', cause));
    }
  }

  /**
   * Climbs the stop ladder. A run that is being stopped already goes on with that; only its cause
   * may rise to `requested`.
   *
   * @param error - what the run then ends with.
   */
  stop(cause: StopCause, from: StopStage, error?: unknown): void {
    const before = this.#stopping;
    if (!before) {
      this.#stopping = { cause, stage: from };
      this.#error = error;
      this.#program.resume();
      if (!this.#isAlive()) this.#stage(from);
      else this.#ladder.climb(from);
      this.#leaveReady();
    } else if (cause === 'requested' && before.cause !== 'requested') {
      before.cause = cause;
      this.#error = undefined;
      // An unsubscribed stream does not wait for an end-of-file.
      if (from === 'term' && before.stage === 'eof' && this.#isAlive()) this.#ladder.climb(from);
      else this.#stage(before.stage);
    }
    if (from === 'term' && cause === 'requested') this.#isLeft = true;
    if (this.#isLeft) this.#cleanup?.skipDrain();
  }

  /**
   * Stops reading the output, or reads on. A run that is starting, is being stopped or has exited is read
   * nevertheless, or it could not become ready, or end; but not without limit.
   */
  pause(paused: boolean): void {
    this.#isPaused = paused;
    if (!paused) this.#unpausedBytes = 0;
    if (paused && this.#phase === 'running' && !this.#stopping) this.#program.pause();
    else this.#program.resume();
  }

  /**
   * Bounds what a reader has to keep that wanted the program paused. What is being stopped is then blocked by a full
   * pipe, until a signal ends it.
   */
  #countUnpaused(bytes: number): void {
    const { maxPendingBytes } = this.#plan;
    this.#unpausedBytes += bytes;
    const limit = this.#isAlive() ? maxPendingBytes : Math.max(maxPendingBytes, PIPE_BYTES);
    if (this.#unpausedBytes <= limit) return;
    if (this.#phase === 'starting' && !this.#stopping) {
      const reason = `wrote more than maxPendingBytes (${maxPendingBytes}) before it was ready, to a reader that is slower`;
      this.#notReady(reason);
    }
    // Descendants may write on and on.
    this.#cleanup?.skipDrain();
    this.#program.pause();
  }

  #isAlive(): boolean {
    return this.#phase === 'starting' || this.#phase === 'running';
  }

  /** Whether it is neither being stopped nor over. */
  #isGoingOn(): boolean {
    return !this.#stopping && this.#isAlive();
  }

  /** The process id, once there is one. */
  get #pid(): number {
    return this.#program.pid ?? -1;
  }

  #spawned(): void {
    if (!this.#isGoingOn()) return;
    if (this.#plan.ready) this.#awaitReady(this.#plan.ready);
    else this.#run();
  }

  #awaitReady(ready: NonNullable<RunPlan<Out, In>['ready']>): void {
    const { codec, startTimeoutMs, clock } = this.#plan;
    const write = (value: In): void => this.#stdin.writeFirst(codec.encode(value));
    const limit = `was not ready after startTimeoutMs (${startTimeoutMs})`;
    const cancelTimer = clock.after(startTimeoutMs, () => this.#notReady(limit));
    const ready$ = defer(() => ready(this.#greeting$.asObservable(), write)).pipe(
      take(1),
      throwIfEmpty(() => new Error('ready() completed without a value')),
    );
    this.#readiness = ready$.subscribe({
      next: () => this.#run(),
      error: (error: unknown) => this.#notReady(`did not become ready: ${messageOf(error)}`, error),
    });
    this.#readiness.add(cancelTimer);
    // ready() itself may have led to a stop, or to the end.
    if (!this.#isGoingOn()) this.#leaveReady();
  }

  /** Its teardown may throw, or stop the run. */
  #leaveReady(): void {
    this.#deliver = this.#ports.output;
    runGuarded(() => this.#readiness?.unsubscribe());
  }

  #run(): void {
    if (!this.#isGoingOn()) return;
    this.#phase = 'running';
    this.#deliver = this.#ports.output;
    this.#stdin.open();
    // A subscriber to lost input may have stopped the run.
    if (!this.#isGoingOn()) return;
    if (this.#isPaused) this.pause(true);
    this.#ports.status({ state: 'running', generation: this.#generation, pid: this.#pid });
  }

  #notReady(reason: string, cause?: unknown): void {
    this.stop('start-timeout', 'eof', new StartTimeoutError(this.#plan.command, reason, { cause }));
  }

  /** Values up to a framing error are delivered; the output behind it is ignored. */
  #decode(act: (decoder: Decoder) => void, isLast = false): void {
    if (!this.#stdout) return;
    try {
      act(this.#stdout);
    } catch (cause) {
      this.#stdout = undefined;
      const error = this.#unreadable('wrote what cannot be read', cause);
      if (isLast || !this.#isAlive()) this.#truncated = error;
      if (this.#isAlive()) this.stop('framing', 'eof', error);
    }
  }

  #unreadable(what: string, cause: unknown): FramingError {
    return new FramingError(this.#plan.command, `${what}: ${messageOf(cause)}`, { cause });
  }

  #stage(stage: StopStage): void {
    if (!this.#stopping) return;
    this.#stopping.stage = stage;
    // A program that was not started needs no stop.
    if (this.#program.pid === undefined) return;
    const generation = this.#generation;
    this.#ports.status({ state: 'stopping', generation, pid: this.#pid, ...this.#stopping });
  }

  #refused(cause: unknown): void {
    this.#over();
    const error = toSpawnError(this.#plan, cause);
    this.#end({ code: null, signal: null, reason: 'spawn-error', uptimeMs: 0 }, error);
  }

  #exited(code: number | null, signal: NodeJS.Signals | null): void {
    const uptimeMs = this.#plan.clock.now() - this.#startedAt;
    this.#over();
    this.#cleanup = new GroupCleanup(this.#program, this.#plan, () => {
      const reason = this.#reasonOf(code, signal);
      this.#end({ code, signal, reason, uptimeMs }, this.#error);
    });
    this.#program.resume();
    if (this.#outputClosed) this.#cleanup.closed();
    else if (this.#isLeft) this.#cleanup.skipDrain();
  }

  #over(): void {
    this.#phase = 'exited';
    this.#unpausedBytes = 0;
    this.#leaveReady();
    this.#ladder.cancel();
    // A subscriber to lost input may stop the run, or restart it.
    this.#stdin.close();
  }

  #closed(): void {
    const { position } = this.#ports;
    this.#outputClosed = true;
    position.isUnterminated = true;
    this.#decode((decoder) => decoder.end(), true);
    position.isUnterminated = false;
    this.#stderr.end();
    this.#cleanup?.closed();
  }

  #reasonOf(code: number | null, signal: NodeJS.Signals | null): ExitReason {
    const { cause, stage } = this.#stopping ?? {};
    const isSuccess = !signal && this.#plan.successExits.includes(code ?? -1);
    const death = signal ? 'signal' : isSuccess ? 'success' : 'exit-code';
    // A program that died by itself in the middle of a value failed by that, not by its output.
    if (this.#truncated && (!cause || (cause === 'framing' && stage === 'eof'))) {
      if (!isSuccess) return death;
      this.#error = this.#truncated;
      return 'framing';
    }
    return cause === 'requested' ? 'stopped' : (cause ?? death);
  }

  #end(end: Pick<Exit, 'code' | 'signal' | 'reason' | 'uptimeMs'>, error: unknown): void {
    const { command } = this.#plan;
    const exit = {
      command,
      generation: this.#generation,
      ...end,
      stderrTail: this.#tail.toString(),
    };
    const failed = exit.reason === 'exit-code' || exit.reason === 'signal';
    this.#phase = 'ended';
    this.#program.release();
    this.#ports.ended(exit, failed ? new ExitError(exit) : error);
  }
}
