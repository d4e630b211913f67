import { Mutex } from '../../src/rx/Mutex.js';
import { expectLinearTime } from '../support/cpuTime.js';

describe('Mutex', () => {
  /** Notes who begins. */
  function watched() {
    const mutex = new Mutex();
    const begun: string[] = [];
    return { mutex, begun, acquire: (name: string) => mutex.acquire(() => begun.push(name)) };
  }

  it('lets the first in at once', () => {
    const { begun, acquire } = watched();
    acquire('a');
    expect(begun).toEqual(['a']);
  });

  it('lets the next in when the one before is done, in order', () => {
    const { mutex, begun, acquire } = watched();
    for (const name of ['a', 'b', 'c']) acquire(name);
    expect(begun).toEqual(['a']);
    mutex.release();
    expect(begun).toEqual(['a', 'b']);
    acquire('d');
    mutex.release();
    mutex.release();
    expect(begun).toEqual(['a', 'b', 'c', 'd']);
  });

  it('is free again when all are done', () => {
    const { mutex, begun, acquire } = watched();
    acquire('a');
    mutex.release();
    acquire('b');
    expect(begun).toEqual(['a', 'b']);
  });

  it('passes over who has given up waiting', () => {
    const { mutex, begun, acquire } = watched();
    acquire('a');
    const giveUp = acquire('b');
    acquire('c');
    giveUp();
    giveUp();
    mutex.release();
    expect(begun).toEqual(['a', 'c']);
  });

  it('is free when everyone has given up waiting', () => {
    const { mutex, begun, acquire } = watched();
    acquire('a');
    acquire('b')();
    mutex.release();
    acquire('c');
    expect(begun).toEqual(['a', 'c']);
  });

  it('does not end a turn that is given up when it has begun', () => {
    const { mutex, begun, acquire } = watched();
    const giveUp = acquire('a');
    acquire('b');
    giveUp();
    expect(begun).toEqual(['a']);
    mutex.release();
    expect(begun).toEqual(['a', 'b']);
  });

  it('keeps the order when a turn ends as it begins', () => {
    const mutex = new Mutex();
    const begun: number[] = [];
    mutex.acquire(() => begun.push(0));
    for (const i of [1, 2, 3]) {
      mutex.acquire(() => {
        begun.push(i);
        if (i === 1) mutex.acquire(() => begun.push(4));
        mutex.release();
      });
    }
    mutex.release();
    expect(begun).toEqual([0, 1, 2, 3, 4]);
  });

  it('takes linear time for very many that wait, or give up', async () => {
    await expectLinearTime(2_000, (count) => {
      const { mutex, begun, acquire } = watched();
      const giveUps = Array.from({ length: count }, (_, i) => acquire(String(i)));
      giveUps.forEach((giveUp, i) => {
        if (i % 2 === 1) giveUp();
      });
      for (let i = 0; i < count / 2; i++) mutex.release();
      expect(begun).toHaveLength(count / 2);
    });
  });

  it('lets in very many whose mutex end as they begin', () => {
    const mutex = new Mutex();
    let begun = 0;
    mutex.acquire(() => undefined);
    for (let i = 0; i < 100_000; i++) {
      mutex.acquire(() => {
        begun++;
        mutex.release();
      });
    }
    mutex.release();
    expect(begun).toBe(100_000);
  });
});
