import { computed, Injectable, signal } from '@angular/core';
import { Chess, type Square } from 'chess.js';

/** A move by its squares, as engines write it: `e2e4`, `e7e8q`. */
export type Move = string;

/** The game: a list of moves; everything else follows from it. */
@Injectable({ providedIn: 'root' })
export class Game {
  readonly moves = signal<readonly Move[]>([]);
  /** In pawns for White, by the number of moves before. */
  readonly scores = signal<Readonly<Record<number, number>>>({});

  readonly position = computed(() => {
    const chess = new Chess();
    for (const move of this.moves()) chess.move(toParts(move));
    return chess;
  });
  readonly fen = computed(() => this.position().fen());
  readonly isWhiteToMove = computed(() => this.position().turn() === 'w');
  readonly isOver = computed(() => this.position().isGameOver());
  /** In the notation that people read: `Nf3`. */
  readonly notation = computed(() => this.position().history());

  readonly outcome = computed(() => {
    const chess = this.position();
    if (chess.isCheckmate())
      return this.isWhiteToMove() ? 'Checkmate. Stockfish wins.' : 'Checkmate. You win!';
    if (chess.isStalemate()) return 'Stalemate.';
    return chess.isGameOver() ? 'A draw.' : '';
  });

  /** Where the piece on that square may go. */
  targetsOf(square: string): readonly string[] {
    return this.position()
      .moves({ square: square as Square, verbose: true })
      .map(({ to }) => to);
  }

  /** Plays a move; a pawn that arrives becomes a queen. */
  play(move: Move): void {
    const isPromotion = this.position()
      .moves({ square: move.slice(0, 2) as Square, verbose: true })
      .some(({ to, promotion }) => to === move.slice(2, 4) && promotion);
    const whole = isPromotion && move.length === 4 ? `${move}q` : move;
    this.moves.update((moves) => [...moves, whole]);
  }

  /** Takes back one's own last move, and the answer to it. */
  takeBack(): void {
    this.moves.update((moves) => moves.slice(0, moves.length - (this.isWhiteToMove() ? 2 : 1)));
    this.scores.update((scores) =>
      Object.fromEntries(
        Object.entries(scores).filter(([ply]) => Number(ply) <= this.moves().length),
      ),
    );
  }

  restart(): void {
    this.moves.set([]);
    this.scores.set({});
  }

  /** Keeps what the engine thought of the position now. */
  rate(score: number): void {
    const ply = this.moves().length;
    this.scores.update((scores) => ({ ...scores, [ply]: score }));
  }
}

const toParts = (move: Move) => ({
  from: move.slice(0, 2),
  to: move.slice(2, 4),
  ...(move[4] && { promotion: move[4] }),
});
