import { Injectable } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { bufferTime, filter, map, scan, throttleTime, type Observable } from 'rxjs';
import { injectWorker } from 'simple-ipc/angular';
import type { Engine as RemoteEngine } from '../../server/exposeEngine';
import { hear, NO_THOUGHT, type Thought } from './thought';

/** The chess engine: a program on the server, used as if it ran here. */
@Injectable({ providedIn: 'root' })
export class Engine {
  readonly #worker = injectWorker<RemoteEngine>('engine');

  readonly status = toSignal(this.#worker.status$, { requireSync: true });
  readonly connection = toSignal(this.#worker.connection$, { requireSync: true });

  /** The last lines of the engine's output: a signal is written ten times a second at most, however many come. */
  readonly log = toSignal(
    this.#worker.output$.pipe(
      bufferTime(100),
      filter((lines) => lines.length > 0),
      scan((log: readonly string[], lines) => [...log, ...lines].slice(-60), []),
    ),
    { initialValue: [] },
  );

  /** How many lines were skipped because this page was too slow for them, or away. */
  readonly skipped = toSignal(
    this.#worker.gaps$.pipe(
      filter(({ reason }) => reason === 'slow'),
      map(({ missed = 0 }) => missed),
      scan((sum, missed) => sum + missed, 0),
    ),
    { initialValue: 0 },
  );

  /**
   * Has the engine think about a position. Emits what it thinks so far, completes with the best move. It survives a lost
   * connection and a crash of the engine: the question is then asked again.
   */
  think(fen: string, milliseconds: number): Observable<Thought> {
    const isWhite = fen.includes(' w ');
    return this.#worker
      .ask('think', `position fen ${fen}\ngo movetime ${milliseconds}`, { idempotent: true })
      .pipe(
        scan((thought, line) => hear(thought, line, isWhite), NO_THOUGHT),
        filter(({ depth, best }) => depth > 0 || best !== undefined),
        throttleTime(80, undefined, { leading: true, trailing: true }),
      );
  }

  reconnect(): void {
    this.#worker.reconnect();
  }
}
