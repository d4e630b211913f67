import { Mutex } from '../../src/rx/Mutex.js';

describe('Mutex', () => {
  /** Notes who begins. */
  function watched() {
    const turns = new Mutex();
    const begun: string[] = [];
    return { turns, begun, take: (name: string) => turns.take(() => begun.push(name)) };
  }

  it('lets the first in at once', () => {
    const { begun, take } = watched();
    take('a');
    expect(begun).toEqual(['a']);
  });

  it('lets the next in when the one before is done, in order', () => {
    const { turns, begun, take } = watched();
    for (const name of ['a', 'b', 'c']) take(name);
    expect(begun).toEqual(['a']);
    turns.done();
    expect(begun).toEqual(['a', 'b']);
    take('d');
    turns.done();
    turns.done();
    expect(begun).toEqual(['a', 'b', 'c', 'd']);
  });

  it('is free again when all are done', () => {
    const { turns, begun, take } = watched();
    take('a');
    turns.done();
    take('b');
    expect(begun).toEqual(['a', 'b']);
  });

  it('passes over who has given up waiting', () => {
    const { turns, begun, take } = watched();
    take('a');
    const giveUp = take('b');
    take('c');
    giveUp();
    giveUp();
    turns.done();
    expect(begun).toEqual(['a', 'c']);
  });

  it('is free when everyone has given up waiting', () => {
    const { turns, begun, take } = watched();
    take('a');
    take('b')();
    turns.done();
    take('c');
    expect(begun).toEqual(['a', 'c']);
  });

  it('does not end a turn that is given up when it has begun', () => {
    const { turns, begun, take } = watched();
    const giveUp = take('a');
    take('b');
    giveUp();
    expect(begun).toEqual(['a']);
    turns.done();
    expect(begun).toEqual(['a', 'b']);
  });

  it('keeps the order when a turn ends as it begins', () => {
    const turns = new Mutex();
    const begun: number[] = [];
    turns.take(() => begun.push(0));
    for (const i of [1, 2, 3]) {
      turns.take(() => {
        begun.push(i);
        if (i === 1) turns.take(() => begun.push(4));
        turns.done();
      });
    }
    turns.done();
    expect(begun).toEqual([0, 1, 2, 3, 4]);
  });

  it('takes linear time for very many who wait, or give up', () => {
    const { turns, begun, take } = watched();
    const begin = performance.now();
    const giveUps = Array.from({ length: 200_000 }, (_, i) => take(String(i)));
    giveUps.forEach((giveUp, i) => {
      if (i % 2 === 1) giveUp();
    });
    for (let i = 0; i < 100_000; i++) turns.done();
    expect(begun).toHaveLength(100_000);
    expect(performance.now() - begin).toBeLessThan(5_000);
  });

  it('lets in very many whose turns end as they begin', () => {
    const turns = new Mutex();
    let begun = 0;
    turns.take(() => undefined);
    for (let i = 0; i < 100_000; i++) {
      turns.take(() => {
        begun++;
        turns.done();
      });
    }
    turns.done();
    expect(begun).toBe(100_000);
  });
});
