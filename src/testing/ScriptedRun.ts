import { defer, from, map, Subject, Subscription, type ObservableInput } from 'rxjs';
import { kindOf } from '../contract/check.js';
import { quote } from '../contract/errors.js';
import type { Codec, Decoder } from '../framing/codec.js';
import type {
  LadderSignal,
  LaunchPlan,
  Program,
  ProgramEvents,
  ProgramInput,
} from '../process/Program.js';
import type { FakeBehaviour, FakeRun, StopRequest } from './FakeRun.js';

/** The plan of a {@link ScriptedRun}. */
export interface Script<In, Out> {
  readonly behaviour: FakeBehaviour<In, Out>;
  readonly codec: Codec<In, Out>;
  readonly ignores: readonly StopRequest[];
  /** Calls `act` after the current call stack. */
  readonly defer: (act: () => void) => void;
}

/** A run of a fake program: it exists in memory only. */
export class ScriptedRun<In, Out> implements FakeRun<In, Out>, Program {
  readonly command: readonly string[];
  readonly cwd: string | undefined;
  readonly env: NodeJS.ProcessEnv | undefined;
  readonly received: In[] = [];
  readonly signals: LadderSignal[] = [];
  isAlive = true;
  isPaused = false;
  isInputEnded = false;
  #isSpawned = false;
  readonly #input$ = new Subject<In>();
  readonly #stdin: Decoder;
  readonly #output = new Subscription();

  constructor(
    readonly pid: number,
    plan: LaunchPlan,
    private readonly script: Script<In, Out>,
    private readonly events: ProgramEvents,
  ) {
    ({ command: this.command, cwd: this.cwd, env: this.env } = plan);
    const receive = (value: In): void => {
      this.received.push(value);
      this.#input$.next(value);
    };
    this.#stdin = script.codec.decoder(receive, { maxLineBytes: Infinity });
    script.defer(() => this.#spawn());
  }

  print(value: Out): void {
    this.#prepareTo('print');
    this.#write(this.script.codec.encode(value));
  }

  printError(line: string): void {
    this.#prepareTo('print');
    this.events.stderr(Buffer.from(`${line}\n`));
  }

  exit(code = 0): void {
    this.#prepareTo('exit');
    this.#end(code, null);
  }

  crash(signal: NodeJS.Signals = 'SIGSEGV'): void {
    this.#prepareTo('crash');
    this.#end(null, signal);
  }

  write(data: ProgramInput, done: (error?: Error | null) => void): void {
    this.script.defer(() => {
      this.#read(() => this.#stdin.write(bytesOf(data)));
      done();
    });
  }

  end(): void {
    this.isInputEnded = true;
    this.#accept('eof', () => {
      this.#read(() => this.#stdin.end());
      this.#input$.complete();
    });
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  signal(signal: LadderSignal): void {
    this.signals.push(signal);
    if (signal !== 'SIGCONT') this.#accept(signal, () => this.#end(null, signal));
  }

  alive(): boolean {
    return this.isAlive;
  }

  close(): void {
    this.events.closed();
  }

  release(): void {
    // It holds no handles.
  }

  #spawn(): void {
    if (this.#isSpawned || !this.isAlive) return;
    this.#isSpawned = true;
    this.events.spawned();
    const { behaviour, codec } = this.script;
    const output$ = defer(() => from(checked(behaviour(this.#input$.asObservable(), this))));
    this.#output.add(
      output$.pipe(map((value) => codec.encode(value))).subscribe({
        next: (data) => this.#write(data),
        error: (error: unknown) => this.#fail(error),
        complete: () => this.#end(0, null),
      }),
    );
  }

  /** Spawns the program if it has not been yet: an action may follow the start directly. */
  #prepareTo(action: string): void {
    this.#spawn();
    if (this.isAlive) return;
    throw new Error(`The fake program ${quote(this.command)} has ended: it cannot ${action}`);
  }

  #write(data: Uint8Array | string): void {
    this.events.stdout(Buffer.from(data as string));
  }

  #read(act: () => void): void {
    if (!this.isAlive) return;
    try {
      act();
    } catch (error) {
      this.#fail(new Error('The fake program cannot read its input', { cause: error }));
    }
  }

  /** Ends like a Node program with an uncaught error. */
  #fail(error: unknown): void {
    if (!this.isAlive) return;
    this.events.stderr(Buffer.from(`${String(error)}\n`));
    this.#end(1, null);
  }

  #end(code: number | null, signal: NodeJS.Signals | null): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    this.#output.unsubscribe();
    this.events.exited(code, signal);
    this.events.closed();
  }

  /** Acts on the request after the current call stack, as a real program would. */
  #accept(request: StopRequest, act: () => void): void {
    if (this.script.ignores.includes(request)) return;
    this.script.defer(() => {
      if (this.isAlive) act();
    });
  }
}

/** Refuses a string: it is an ObservableInput of characters, which is never meant. */
function checked<Out>(output$: ObservableInput<Out>): ObservableInput<Out> {
  if (typeof output$ === 'object' || typeof output$ === 'function') return output$;
  throw new TypeError(
    `the behaviour of a fake program must return an Observable of what it prints, not ${kindOf(output$)}`,
  );
}

function bytesOf(data: ProgramInput): Uint8Array {
  return typeof data === 'string' ? Buffer.from(data) : Buffer.concat(data);
}
