import {
  ChangeDetectionStrategy,
  Component,
  computed,
  ElementRef,
  inject,
  input,
  output,
  signal,
} from '@angular/core';
import { Game, type Move } from './game';
import { Piece } from './piece';

const NAMES: Readonly<Record<string, string>> = {
  p: 'pawn',
  n: 'knight',
  b: 'bishop',
  r: 'rook',
  q: 'queen',
  k: 'king',
};

/** How far an arrow key goes: in files, in ranks downward. */
const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** A board to play on, by pointer or by arrow keys, Enter and Escape. */
@Component({
  selector: 'app-board',
  imports: [Piece],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './board.html',
  styleUrl: './board.css',
})
export class Board {
  readonly game = inject(Game);
  readonly isLocked = input(false);
  readonly played = output<Move>();

  readonly selected = signal<string | undefined>(undefined);
  /** The square that Tab leads to. */
  readonly focused = signal('e2');
  readonly #element = inject<ElementRef<HTMLElement>>(ElementRef);
  readonly #targets = computed(() => {
    const selected = this.selected();
    return selected ? this.game.targetsOf(selected) : [];
  });

  readonly rows = computed(() => {
    const position = this.game.position();
    const last = this.game.moves().at(-1);
    const checked = position.isCheck() ? position.turn() : undefined;
    return position.board().map((row, rank) =>
      row.map((piece, file) => {
        const square = `${'abcdefgh'.charAt(file)}${8 - rank}`;
        const color = piece?.color === 'w' ? 'white' : 'black';
        const isTarget = this.#targets().includes(square);
        const words = [
          square,
          piece && `${color} ${NAMES[piece.type]}`,
          isTarget && (piece ? 'can be taken' : 'can move here'),
          piece?.type === 'k' && piece.color === checked && 'in check',
        ];
        return {
          square,
          piece: piece && (piece.color === 'w' ? piece.type.toUpperCase() : piece.type),
          label: words.filter(Boolean).join(', '),
          isDark: (rank + file) % 2 === 1,
          isTarget,
          isLast: last?.startsWith(square) === true || last?.slice(2, 4) === square,
          isChecked: piece?.type === 'k' && piece.color === checked,
          fileMark: rank === 7 ? square.charAt(0) : undefined,
          rankMark: file === 0 ? square.charAt(1) : undefined,
        };
      }),
    );
  });

  choose(square: string): void {
    this.focused.set(square);
    const selected = this.selected();
    if (selected && this.#targets().includes(square)) {
      this.selected.set(undefined);
      this.played.emit(`${selected}${square}`);
      return;
    }
    const isPlayable = !this.isLocked() && this.game.targetsOf(square).length > 0;
    this.selected.set(isPlayable && square !== selected ? square : undefined);
  }

  move(event: KeyboardEvent): void {
    if (event.key === 'Escape') this.selected.set(undefined);
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const file = 'abcdefgh'.indexOf(this.focused().charAt(0)) + step[0];
    const rank = Number(this.focused().charAt(1)) - step[1];
    if (file < 0 || file > 7 || rank < 1 || rank > 8) return;
    this.focused.set(`${'abcdefgh'.charAt(file)}${rank}`);
    this.#element.nativeElement
      .querySelector<HTMLElement>(`[data-square="${this.focused()}"]`)
      ?.focus();
  }
}
