/** The engine's evaluation of a position, so far. */
export interface Thought {
  readonly depth: number;
  /** In pawns, for White; a mate counts as 100. */
  readonly score: number;
  /** `+0.3`, or `mate in 3`. */
  readonly verdict: string;
  /** The moves that it expects. */
  readonly line: readonly string[];
  readonly nodesPerSecond: number;
  /** The move it decided on: it thinks no more. `(none)` when the game is over. */
  readonly best?: string;
}

export const NO_THOUGHT: Thought = { depth: 0, score: 0, verdict: '', line: [], nodesPerSecond: 0 };

/** Adds a line of the engine's (UCI, the protocol of chess engines) to what it thought before. */
export function hear(thought: Thought, line: string, isWhite: boolean): Thought {
  const best = /^bestmove (\S+)/.exec(line)?.[1];
  if (best) return { ...thought, best };
  const score = /\bscore (cp|mate) (-?\d+)/.exec(line);
  if (!line.startsWith('info depth') || !score || line.includes('bound')) return thought;
  const number = (name: string) => Number(new RegExp(`\\b${name} (\\d+)`).exec(line)?.[1] ?? 0);
  // The engine speaks for the side that is to move.
  const value = Number(score[2]) * (isWhite ? 1 : -1);
  const isMate = score[1] === 'mate';
  const pawns = isMate ? Math.sign(value || -1) * 100 : value / 100;
  return {
    depth: number('depth'),
    score: pawns,
    verdict: isMate ? `mate in ${Math.abs(value)}` : `${pawns > 0 ? '+' : ''}${pawns.toFixed(2)}`,
    line: / pv (.+)/.exec(line)?.[1]?.split(' ') ?? [],
    nodesPerSecond: number('nps'),
  };
}
