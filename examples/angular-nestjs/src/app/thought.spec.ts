import { hear, NO_THOUGHT } from './thought';

describe('hear', () => {
  const line = 'info depth 12 seldepth 18 score cp -34 nodes 9000 nps 450000 pv e7e5 g1f3';

  it('reads depth, score and the moves that are expected', () => {
    expect(hear(NO_THOUGHT, line, true)).toEqual({
      depth: 12,
      score: -0.34,
      verdict: '-0.34',
      line: ['e7e5', 'g1f3'],
      nodesPerSecond: 450_000,
    });
  });

  it('turns the score for White when Black is to move', () => {
    expect(hear(NO_THOUGHT, line, false).verdict).toBe('+0.34');
  });

  it('names a mate', () => {
    const thought = hear(NO_THOUGHT, 'info depth 9 score mate -2 pv a2a3', true);
    expect(thought).toMatchObject({ score: -100, verdict: 'mate in 2' });
  });

  it('keeps what was thought when the move is decided on', () => {
    const before = hear(NO_THOUGHT, line, true);
    expect(hear(before, 'bestmove e7e5 ponder g1f3', true)).toEqual({ ...before, best: 'e7e5' });
  });

  it('passes over everything else', () => {
    expect(hear(NO_THOUGHT, 'info string NNUE evaluation', true)).toBe(NO_THOUGHT);
  });
});
