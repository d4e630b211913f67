import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';

/** A chess piece, as an outline on a square of 45 by 45. */
const OUTLINES = {
  p: 'M22.5 9a5 5 0 0 0-3.6 8.5c-3.4 1.7-5 4.700-5 7.500h5.100c-.6 4-3.200 7-6.500 9.500V38h20v-3.500c-3.300-2.500-5.900-5.500-6.500-9.500h5.100c0-2.800-1.600-5.800-5-7.500A5 5 0 0 0 22.500 9Z',
  r: 'M11 9v8l4 3v10.500l-3.500 3V38h22v-4.500l-3.500-3V20l4-3V9h-5v3.500h-4V9h-5v3.500h-4V9Z',
  n: 'M20 8l-1.500 3.500C13 14 10 19.500 9 26.500l3.500 3 5-3.500c2.500 0 4.500-.8 5.500-2.200-.2 4.200-6.500 6.700-8.500 10.700V38h21c1-12.500-1.500-24-13-27Z',
  b: 'M22.500 6a2.800 2.800 0 0 0-1.700 5C16 14 13.500 18 13.500 22c0 3 1.500 5.200 3.500 6.500l-1.500 4c-2 .8-4 1.500-5.500 1.500v4h25v-4c-1.500 0-3.500-.7-5.500-1.500l-1.500-4c2-1.300 3.500-3.500 3.500-6.500 0-4-2.500-8-7.300-11a2.800 2.800 0 0 0-1.700-5Z',
  q: 'M22.500 6a2.600 2.600 0 0 0-1.500 4.700L17.500 20l-6.700-6.500a2.500 2.500 0 1 0-2.300 1L12 29.500c0 1.500-1 3-1.500 4.500V38h24v-4c-.5-1.500-1.500-3-1.500-4.500l3.500-15a2.500 2.500 0 1 0-2.300-1L27.500 20 24 10.700A2.600 2.600 0 0 0 22.500 6Z',
  k: 'M21 5v3h-3v3h3v3.500c-1.500.8-2.500 2-3 3.500-5-2-10 .5-10 5.500 0 3.500 2.500 6 4.500 8V38h20v-6.500c2-2 4.500-4.500 4.500-8 0-5-5-7.500-10-5.500-.5-1.500-1.500-2.700-3-3.500V11h3V8h-3V5Z',
};

/** A piece of FEN: `K` is White's king, `p` a pawn of Black's. */
@Component({
  selector: 'app-piece',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <svg viewBox="0 0 45 45" aria-hidden="true" [class.white]="isWhite()">
      <path [attr.d]="outline()" />
    </svg>
  `,
  styles: `
    svg {
      display: block;
      width: 100%;
      height: 100%;
      fill: #23272f;
      stroke: #f3ede0;
      stroke-width: 1.3;
      stroke-linejoin: round;
    }
    svg.white {
      fill: #fdfbf5;
      stroke: #23272f;
    }
  `,
})
export class Piece {
  readonly code = input.required<string>();
  readonly isWhite = computed(() => this.code() === this.code().toUpperCase());
  readonly outline = computed(() => OUTLINES[this.code().toLowerCase() as keyof typeof OUTLINES]);
}
