import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';

const WIDTH = 320;
const HEIGHT = 120;
/** More than so many pawns ahead looks the same. */
const MOST = 4;

/** The engine's opinion, move by move: above the middle White is better. */
@Component({
  selector: 'app-chart',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <svg [attr.viewBox]="box" role="img" [attr.aria-label]="label()" preserveAspectRatio="none">
      <line class="middle" x1="0" [attr.x2]="width" [attr.y1]="height / 2" [attr.y2]="height / 2" />
      @if (points().length > 1) {
        <path class="area" [attr.d]="area()" />
        <path class="line" [attr.d]="line()" />
      }
      @if (points().at(-1); as end) {
        <ellipse class="end" [attr.cx]="end.x" [attr.cy]="end.y" rx="3.500" ry="4" />
      }
    </svg>
    <div class="legend" aria-hidden="true"><span>White +</span><span>Black +</span></div>
  `,
  styles: `
    :host {
      display: block;
      position: relative;
    }
    svg {
      display: block;
      width: 100%;
      height: 7.5rem;
      border-radius: 0.5rem;
      background: var(--sunken);
    }
    .middle {
      stroke: var(--line);
      stroke-dasharray: 4 4;
      vector-effect: non-scaling-stroke;
    }
    .area {
      fill: var(--accent);
      opacity: 0.18;
    }
    .line {
      fill: none;
      stroke: var(--accent);
      stroke-width: 2;
      stroke-linejoin: round;
      vector-effect: non-scaling-stroke;
    }
    .end {
      fill: var(--accent);
    }
    .legend {
      display: flex;
      position: absolute;
      inset: 0.35rem auto 0.35rem 0.5rem;
      flex-direction: column;
      justify-content: space-between;
      color: var(--muted);
      font-size: 0.7rem;
    }
  `,
})
export class Chart {
  /** In pawns for White, by the number of moves before. */
  readonly scores = input.required<Readonly<Record<number, number>>>();

  protected readonly width = WIDTH;
  protected readonly height = HEIGHT;
  protected readonly box = `0 0 ${WIDTH} ${HEIGHT}`;

  readonly points = computed(() => {
    const scores = Object.entries(this.scores());
    const last = Math.max(12, ...scores.map(([ply]) => Number(ply)));
    return scores.map(([ply, score]) => {
      const height = Math.max(-MOST, Math.min(MOST, score)) / MOST;
      return {
        x: round(6 + (Number(ply) / last) * (WIDTH - 12)),
        y: round(HEIGHT / 2 - height * (HEIGHT / 2 - 8)),
      };
    });
  });
  readonly line = computed(
    () =>
      `M${this.points()
        .map(({ x, y }) => `${x} ${y}`)
        .join('L')}`,
  );
  readonly area = computed(() => {
    const points = this.points();
    const middle = HEIGHT / 2;
    return `${this.line()}L${points.at(-1)?.x} ${middle}L${points[0]?.x} ${middle}Z`;
  });
  readonly label = computed(() => {
    const scores = Object.values(this.scores());
    const now = scores.at(-1);
    if (now === undefined) return 'Evaluation per move: none yet';
    const side =
      Math.abs(now) < 0.3 ? 'about equal' : now > 0 ? 'White is better' : 'Black is better';
    return `Evaluation per move, ${scores.length} positions; now ${now.toFixed(2)}: ${side}`;
  });
}

const round = (n: number) => Math.round(n * 10) / 10;
