import { noop } from 'rxjs';
import {
  ExitError,
  InputClosedError,
  ReplyTimeoutError,
  UnhealthyError,
} from '../contract/errors.js';
import type { Exit } from '../contract/exit.js';
import { internalsOf, type WorkerInternals } from '../contract/internals.js';
import type { ReactiveWorker } from '../contract/ReactiveWorker.js';
import { Broadcast } from '../rx/Broadcast.js';
import { soon } from '../rx/soon.js';
import { KeyIndex } from './KeyIndex.js';
import type { PendingRequest, RequestOwner } from './PendingRequest.js';

/** How long a program that closed its stdin may take to exit, in milliseconds, before it counts as running on without. */
const EXIT_GRACE_MS = 1_000;

const NEVER_REPLIED =
  'has not replied since it was started: if it takes long to load, give it `ready`, or requests a longer timeoutMs';

/**
 * All requests under way with one worker: written when its program runs, repeated or failed when a run ends, timed out,
 * and given the output that can be theirs.
 */
export class Requests<Out, In> implements RequestOwner<Out, In> {
  /** The output in which replies are found; {@link PendingRequest.isAnswerable} decides whether a value can be part of one. */
  readonly replies = new Broadcast<Out>();
  readonly keys = new KeyIndex<Out, In>();
  readonly worker: WorkerInternals<Out, In>;
  readonly #pending = new Set<PendingRequest<Out, In>>();
  /** Those that wait for the worker to run, oldest first. */
  #unsent = new Set<PendingRequest<Out, In>>();
  /** The request that has its turn. */
  #current: PendingRequest<Out, In> | undefined;
  /** The unterminated end of the run's output: a reply only if the program exits with success. */
  #unterminated: Out[] = [];
  /** How many replies of this run were complete. */
  answered = 0;
  /** Whether this run was asked in turn. */
  #wasAsked = false;
  /** How many values had been sent when the last request was: output after others is no stray. */
  #pushes = 0;
  /** How many requests by key have timed out in a row, with no output between. */
  #timeouts = 0;
  #cancelGrace: (() => void) | undefined;
  #isSending = false;

  constructor(worker: WorkerInternals<Out, In>) {
    this.worker = worker;
    let isReplay = true;
    worker.output$.subscribe((value) => {
      if (!isReplay) this.#receive(value);
    });
    isReplay = false;
    const { ended$, rest$ } = worker.supervisor;
    ended$.subscribe((exit) => this.#runEnded(exit));
    // A program that survived SIGKILL comes to rest without an end.
    rest$.subscribe((error) => this.#failSent(error));
  }

  add(request: PendingRequest<Out, In>): void {
    // Its reply may be behind lines that a paused reader has not pulled yet.
    if (this.#pending.size === 0) this.worker.pause.suspend();
    this.#pending.add(request);
    this.#send(request);
  }

  /** Stops waiting for a reply. @returns whether one was still awaited. */
  remove(request: PendingRequest<Out, In>): boolean {
    if (!this.#pending.delete(request)) return false;
    this.#unsent.delete(request);
    request.cancelTimer();
    if (this.#current === request) this.#current = undefined;
    if (this.#pending.size === 0) this.worker.pause.resume();
    return true;
  }

  /** The reply is complete. @returns whether it was still awaited. */
  complete(request: PendingRequest<Out, In>): boolean {
    if (!this.remove(request)) return false;
    this.answered++;
    return true;
  }

  /** The same for a request without a reply: what the program writes of it is no surprise, and no sign that it replies. */
  completeSilently(request: PendingRequest<Out, In>): boolean {
    this.#wasAsked = false;
    return this.remove(request);
  }

  /** Fails a request, never from inside of the call that made it: a `retry()` without a delay would not end. */
  fail(request: PendingRequest<Out, In>, error: unknown): void {
    if (!this.remove(request)) return;
    if (!this.#isSending) {
      request.fail(error);
      return;
    }
    request.failing?.();
    soon(() => request.fail(error));
  }

  /** Whether it was not written to the run that is under way. */
  isUnsent(request: PendingRequest<Out, In>): boolean {
    return request.attempts === 0 || this.#unsent.has(request);
  }

  /**
   * Ends the run because its further output could be taken for the next reply. One that never replied has
   * failed to start, which its policy counts.
   */
  endRun(cause: unknown): void {
    const { supervisor, command } = this.worker;
    // The rest of the reply is expected, and so not unsolicited.
    this.#wasAsked = false;
    if (this.answered > 0) {
      void supervisor.restart();
      return;
    }
    supervisor.endRun(new UnhealthyError(command, NEVER_REPLIED, { cause }));
  }

  /** The request did not reach the program. If the program's exit is why, `#runEnded` follows. */
  lost(request: PendingRequest<Out, In>, error: Error): void {
    if (!this.#pending.has(request)) return;
    const isClosed = error instanceof InputClosedError;
    if (isClosed) this.#awaitExit();
    if (isClosed && request.attempts < request.limits.attempts) request.lostBy = error;
    else this.fail(request, request.exitError ?? error);
  }

  #receive(value: Out): void {
    const { position, input } = this.worker;
    this.#timeouts = 0;
    if (position.isUnterminated) {
      this.#unterminated.push(value);
      return;
    }
    // After anything else that was sent, the output may be what that asked for.
    const isAnswer = this.#current?.isAnswerable === true || input.pushes !== this.#pushes;
    const isOfKey = this.#deliver(value);
    if (this.#wasAsked && !isAnswer && !isOfKey) this.worker.unsolicited(value);
  }

  /** @returns whether it is the reply of a request by key, or `reply` of one that shares the output is looking for it. */
  #deliver(value: Out): boolean {
    const request = this.keys.find(value, (failed, error) => this.fail(failed, error));
    if (request?.isAnswerable && this.complete(request)) {
      request.replied(value);
      return true;
    }
    if (this.replies.isObserved) this.replies.next(value);
    return request !== undefined || this.keys.isUsed;
  }

  #runEnded(exit: Exit): void {
    const last = this.#unterminated;
    this.#unterminated = [];
    if (exit.reason === 'success') for (const value of last) this.#deliver(value);
    this.#wasAsked = false;
    this.answered = 0;
    this.#timeouts = 0;
    this.#cancelGrace?.();
    this.#cancelGrace = undefined;
    this.keys.runEnded();
    const error = new ExitError(exit);
    for (const request of [...this.#pending]) {
      if (request.attempts === 0) continue;
      request.exitError = error;
      if (request.isWanted && request.attempts < request.limits.attempts) this.#repeat(request);
      else this.fail(request, error);
    }
  }

  #failSent(error: unknown): void {
    for (const request of [...this.#pending]) {
      if (!this.isUnsent(request)) this.fail(request, error);
    }
  }

  #repeat(request: PendingRequest<Out, In>): void {
    request.cancelTimer();
    request.abandonAttempt?.();
    this.#send(request);
  }

  #send(request: PendingRequest<Out, In>): void {
    if (!this.#pending.has(request)) return;
    const { supervisor, input } = this.worker;
    const writable = this.#unsent.size > 0 || supervisor.writable();
    if (writable) {
      this.#unsent.add(request);
      if (writable !== true) void writable.then(() => this.#sendUnsent());
      return;
    }
    const wasSending = this.#isSending;
    this.#isSending = true;
    try {
      request.attempts++;
      request.writtenAt = Infinity;
      request.lostBy = undefined;
      request.beginAttempt?.();
      // `reply` is the user's: it may have thrown, unsubscribed, or restarted the worker.
      if (!this.#pending.has(request)) return;
      if (supervisor.writable()) {
        request.attempts--;
        this.#repeat(request);
        return;
      }
      this.#startTimer(request);
      input.push(request.value, request);
      this.#pushes = input.pushes;
      if (this.#current === request && !request.isProbe) this.#wasAsked = true;
      request.pushed?.();
    } finally {
      this.#isSending = wasSending;
    }
  }

  #sendUnsent(): void {
    const unsent = this.#unsent;
    this.#unsent = new Set();
    for (const request of unsent) this.#send(request);
  }

  /** The turn begins: until it ends, the output belongs to this request. */
  beginTurn(request: PendingRequest<Out, In>): void {
    this.#current = request;
  }

  #startTimer(request: PendingRequest<Out, In>): void {
    const { timeoutMs, idleTimeoutMs } = request.limits;
    request.cancelTimer = noop;
    if (timeoutMs === Infinity && idleTimeoutMs === Infinity) return;
    const { clock } = this.worker;
    const startedAt = clock.now();
    request.activeAt = startedAt;
    const look = (): void => {
      const left = startedAt + timeoutMs - clock.now();
      const idleLeft = request.activeAt + idleTimeoutMs - clock.now();
      if (left <= 0) this.#timedOut(request, `did not reply within timeoutMs (${timeoutMs})`);
      else if (idleLeft <= 0)
        this.#timedOut(request, `paused in its reply for idleTimeoutMs (${idleTimeoutMs})`);
      else request.cancelTimer = clock.after(Math.min(left, idleLeft), look);
    };
    look();
  }

  #timedOut(request: PendingRequest<Out, In>, reason: string): void {
    const { command } = this.worker;
    const error = request.lostBy ?? new ReplyTimeoutError(command, `${reason}${this.hint}`);
    this.fail(request, error);
  }

  /** What to do about a program that does not answer, for messages: it may still be loading. */
  get hint(): string {
    return this.answered > 0 ? '' : `; it ${NEVER_REPLIED}`;
  }

  /** A request by key timed out. A program that answers nothing at all is ended in the end. */
  keyTimedOut(limit: number, cause: unknown): void {
    if (++this.#timeouts < limit) return;
    this.#timeouts = 0;
    const reason = `wrote nothing while ${limit} requests in a row timed out`;
    this.worker.supervisor.endRun(new UnhealthyError(this.worker.command, reason, { cause }));
  }

  /** A write failed, for the program closed its stdin or exited. If it runs on, it is of no use to a request. */
  #awaitExit(): void {
    if (this.#cancelGrace) return;
    const { clock, input, supervisor, command } = this.worker;
    this.#cancelGrace = clock.after(EXIT_GRACE_MS, () => {
      this.#cancelGrace = undefined;
      if (!input.isStdinClosed) return;
      const reason = 'closed its stdin and runs on: no request can reach it';
      if (supervisor.isSupervised) supervisor.endRun(new UnhealthyError(command, reason));
      else
        for (const request of [...this.#pending]) {
          if (request.lostBy) this.fail(request, request.lostBy);
        }
    });
  }
}

const requestsByWorker = new WeakMap<object, unknown>();

/** The requests of a worker, made with the first of them. @throws TypeError if it is not one of `createWorker`. */
export function requestsOf<Out, In>(worker: ReactiveWorker<Out, In>): Requests<Out, In> {
  const known = requestsByWorker.get(worker) as Requests<Out, In> | undefined;
  if (known) return known;
  const requests = new Requests(internalsOf(worker));
  requestsByWorker.set(worker, requests);
  return requests;
}
