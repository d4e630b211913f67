import {
  ChangeDetectionStrategy,
  Component,
  computed,
  effect,
  inject,
  signal,
  untracked,
} from '@angular/core';
import { rxResource } from '@angular/core/rxjs-interop';
import { map } from 'rxjs';
import { Board } from './board';
import { Chart } from './chart';
import { Engine } from './engine';
import { Game, type Move } from './game';
import { Session } from './session';

/** How long the engine thinks about a position that the player has to solve: it only rates it. */
const RATING_MS = 250;

/** The label of each state of the program, and its colour. */
const STATES = {
  stopped: ['not connected yet', 'idle'],
  starting: ['starting', 'busy'],
  running: ['running', 'good'],
  stopping: ['stopping', 'busy'],
  exited: ['ended', 'bad'],
  backoff: ['down, restarting', 'bad'],
  failed: ['failed', 'bad'],
} as const;

@Component({
  selector: 'app-root',
  imports: [Board, Chart],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './app.html',
  styleUrl: './app.css',
})
export class App {
  readonly engine = inject(Engine);
  readonly game = inject(Game);
  readonly #session = inject(Session);

  readonly thinkingMs = signal(1_000);

  /** One position after the other is put to the engine: for a move if it is Black's turn, else to be rated. */
  readonly thinking = rxResource({
    params: () => {
      if (this.game.isOver()) return undefined;
      const isRating = this.game.isWhiteToMove();
      return { fen: this.game.fen(), ms: isRating ? RATING_MS : this.thinkingMs() };
    },
    stream: ({ params: { fen, ms } }) =>
      this.engine.think(fen, ms).pipe(map((thought) => ({ fen, ...thought }))),
  });
  readonly thought = computed(() => (this.thinking.hasValue() ? this.thinking.value() : undefined));

  readonly state = computed(() => {
    const [text, mood] = STATES[this.engine.status().state];
    return { text, mood };
  });
  readonly generation = computed(() => {
    const status = this.engine.status();
    return 'generation' in status ? status.generation : undefined;
  });
  readonly connection = computed(() => {
    const { state } = this.engine.connection();
    return state === 'open'
      ? { text: 'connected', mood: 'good' }
      : {
          text: state === 'waiting' ? 'offline, trying again' : state,
          mood: state === 'closed' ? 'bad' : 'busy',
        };
  });

  /** The text below the board, also for screen readers. */
  readonly message = computed(() => {
    if (this.game.isOver()) return this.game.outcome();
    const last = this.game.notation().at(-1);
    if (!this.game.isWhiteToMove()) return `You played ${last}. Stockfish is thinking…`;
    const check = this.game.position().isCheck() ? ' Check!' : '';
    return last ? `Stockfish played ${last}.${check} Your move.` : 'You play White. Your move.';
  });

  readonly rows = computed(() => {
    const moves = this.game.notation();
    return Array.from({ length: Math.ceil(moves.length / 2) }, (_, i) => ({
      number: i + 1,
      white: moves[2 * i],
      black: moves[2 * i + 1],
    }));
  });

  constructor() {
    effect(() => {
      const thought = this.thought();
      if (!thought?.best) return;
      untracked(() => {
        // A thought about a position before this one comes too late.
        if (thought.fen !== this.game.fen()) return;
        this.game.rate(thought.score);
        if (!this.game.isWhiteToMove()) this.game.play(thought.best ?? '');
      });
    });
  }

  play(move: Move): void {
    if (this.game.isWhiteToMove()) this.game.play(move);
  }

  kill(): void {
    void this.#session.killEngine();
  }

  setThinking(event: Event): void {
    this.thinkingMs.set(Number((event.target as HTMLSelectElement).value));
  }
}
