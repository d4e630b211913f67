import { fuzzSessions } from './sessionFuzz.js';

describe('Session', () => {
  it('delivers everything once and in order over 50,000 other histories of lost lines', () => {
    expect(fuzzSessions(5_001, 50_000).runs).toBe(50_000);
  });
});
