import { NEVER } from 'rxjs';
import { batchOf } from '../../src/link/Batch.js';
import type { Frame, Line } from '../../src/link/Line.js';
import { Session } from '../../src/link/Session.js';
import { systemClock } from '../../src/rx/clock.js';
import { fuzzSessions } from './sessionFuzz.js';

const text = (topic: 'out' | 'send', ...values: string[]) => ({
  topic,
  values,
  bytes: 100,
  texts: undefined,
});

function lineOf(): { line: Line; sent: Frame[] } {
  const sent: Frame[] = [];
  const line = { frames$: NEVER, send: (frame: Frame) => sent.push(frame), close: () => undefined };
  return { line, sent };
}

function sessionOf(windowBytes = 1_000) {
  const delivered: unknown[] = [];
  const session = new Session(
    { deliver: (_, values) => delivered.push(...values) },
    windowBytes,
    systemClock,
  );
  return { session, delivered };
}

describe('Session', () => {
  it('delivers everything once and in order, or reports what is missing, over any number of lost lines', () => {
    const counts = fuzzSessions(1, 5_000);
    expect(counts.runs).toBe(5_000);
    expect(counts.delivered).toBeGreaterThan(300_000);
    expect(counts.cuts).toBeGreaterThan(20_000);
    expect(counts.gaps).toBeGreaterThan(500);
    expect(counts.missed).toBeGreaterThan(counts.gaps);
    expect(counts.replaced).toBeGreaterThan(1_000);
    expect(counts.inDoubt).toBeGreaterThan(1_000);
    expect(counts.unsent).toBeGreaterThan(1_000);
  });

  it('has at most a window in flight, and one frame more', () => {
    const { session } = sessionOf(250);
    const { line, sent } = lineOf();
    session.attach(line, 0);
    for (let i = 0; i < 10; i++) session.push(text('out', String(i)));
    expect(sent.filter(([kind]) => kind === 'd')).toHaveLength(3);
    session.receive(['a', 2]);
    expect(sent.filter(([kind]) => kind === 'd')).toHaveLength(5);
  });

  it('sends again what the other end does not have, and nothing else', () => {
    const { session } = sessionOf();
    session.attach(lineOf().line, 0);
    for (let i = 0; i < 5; i++) session.push(text('out', String(i)));
    session.detach();
    const { line, sent } = lineOf();
    expect(session.attach(line, 3)).toBe(true);
    expect(sent.filter(([kind]) => kind === 'd').map(([, at]) => at)).toEqual([3, 4]);
  });

  it.each([-1, 1.5, 6, NaN, '0', null, undefined, {}])(
    'refuses an other end that claims to have %p of 5 frames',
    (got) => {
      const { session } = sessionOf();
      session.attach(lineOf().line, 0);
      for (let i = 0; i < 5; i++) session.push(text('out', String(i)));
      session.detach();
      expect(session.attach(lineOf().line, got)).toBe(false);
    },
  );

  it.each([
    ['another kind', ['q']],
    ['no kind', []],
    ['a hello', ['h', {}]],
    ['data with a later number', ['d', 1, 0, 'send', ['x']]],
    ['data with an earlier number', ['d', -1, 0, 'send', ['x']]],
    ['data without values', ['d', 0, 0, 'send']],
    ['data with text for values', ['d', 0, 0, 'send', 'x']],
    ['data that acknowledges what was not sent', ['d', 0, 1, 'send', ['x']]],
    ['an ack of what was not sent', ['a', 1]],
    ['an ack that goes back', ['a', -1]],
    ['an ack of a fraction', ['a', 0.5]],
    ['an ack without a number', ['a']],
  ])('takes %s for a breach of the protocol, and delivers nothing', (_, frame) => {
    const { session, delivered } = sessionOf();
    session.attach(lineOf().line, 0);
    expect(() => session.receive(frame)).toThrow(expect.objectContaining({ code: 4400 }));
    expect(delivered).toEqual([]);
  });

  it('acknowledges after two frames, or a moment after one', async () => {
    const { session } = sessionOf();
    const { line, sent } = lineOf();
    session.attach(line, 0);
    session.receive(['d', 0, 0, 'send', ['a']]);
    session.receive(['d', 1, 0, 'send', ['b']]);
    expect(sent.at(-1)).toEqual(['a', 2]);
    session.receive(['d', 2, 0, 'send', ['c']]);
    expect(sent.at(-1)).toEqual(['a', 2]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(sent.at(-1)).toEqual(['a', 3]);
  });

  it('acknowledges nothing while it is held, whatever arrives, not even when it goes on over another line', () => {
    const { session, delivered } = sessionOf();
    const { line, sent } = lineOf();
    session.attach(line, 0);
    session.hold(true);
    for (let i = 0; i < 4; i++) session.receive(['d', i, 0, 'send', [i]]);
    session.detach();
    session.attach(line, 0);
    expect(delivered).toEqual([0, 1, 2, 3]);
    expect(sent).toEqual([
      ['a', 0],
      ['a', 0],
    ]);
    session.hold(false);
    expect(sent.at(-1)).toEqual(['a', 4]);
  });

  it('drops the oldest output that was not sent, and keeps its number in its place', () => {
    const { session } = sessionOf(150);
    const { line, sent } = lineOf();
    session.attach(line, 0);
    for (const value of ['a', 'b', 'c', 'd']) session.push(text('out', value, value));
    session.push(batchOf('status', {}));
    session.push(text('out', 'e'));
    session.trim(400);
    session.receive(['a', 2]);
    session.receive(['a', 3]);
    const data = sent.flatMap((frame) => (frame[0] === 'd' ? [frame[3]] : []));
    expect(data.map(({ topic, values }) => [topic, ...values])).toEqual([
      ['out', 'a', 'a'],
      ['out', 'b', 'b'],
      ['gap', { out: 4, err: 0, reason: 'slow' }],
      ['status', {}],
      ['out', 'e'],
    ]);
  });

  it('reports what is in doubt and what was never sent when it begins anew', () => {
    const { session } = sessionOf(150);
    session.attach(lineOf().line, 0);
    for (const value of ['a', 'b', 'c', 'd']) session.push(text('send', value));
    session.receive(['a', 1]);
    const { inDoubt, unsent } = session.reset();
    expect(inDoubt.flatMap(({ values }) => values)).toEqual(['b', 'c']);
    expect(unsent.flatMap(({ values }) => values)).toEqual(['d']);
    expect([session.bytes, session.got]).toEqual([0, 0]);
  });
});
