import fc from 'fast-check';
import { LinkedQueue } from '../../src/rx/LinkedQueue.js';
import { cases } from '../support/cases.js';

describe('LinkedQueue', () => {
  it('is empty at first', () => {
    const line = new LinkedQueue<string>();
    expect(line.length).toBe(0);
    expect(line.shift()).toBeUndefined();
  });

  it('gives what was pushed, in order', () => {
    const line = new LinkedQueue<string>();
    for (const name of ['a', 'b', 'c']) line.push(name);
    expect(line.length).toBe(3);
    expect([line.shift(), line.shift(), line.shift(), line.shift()]).toEqual([
      'a',
      'b',
      'c',
      undefined,
    ]);
  });

  it('is not left twice, nor after its turn', () => {
    const line = new LinkedQueue<string>();
    const [leaveA, leaveB] = ['a', 'b', 'c'].map((name) => line.push(name));
    leaveB!();
    leaveB!();
    expect(line.length).toBe(2);
    expect(line.shift()).toBe('a');
    leaveA!();
    expect(line.length).toBe(1);
    expect(line.shift()).toBe('c');
  });

  it('is equal to a list, in any order of calls', () => {
    const acts = fc.array(
      fc.oneof(fc.constant('push'), fc.constant('shift'), fc.record({ leave: fc.nat(20) })),
    );
    fc.assert(
      fc.property(acts, (all) => {
        const line = new LinkedQueue<number>();
        const leaves: (() => void)[] = [];
        let model: number[] = [];
        for (const act of all) {
          if (act === 'push') {
            model.push(leaves.length);
            leaves.push(line.push(leaves.length));
          } else if (act === 'shift') {
            expect(line.shift()).toBe(model.shift());
          } else {
            const { leave } = act;
            leaves[leave]?.();
            model = model.filter((other) => other !== leave);
          }
          expect(line.length).toBe(model.length);
        }
      }),
      { numRuns: cases(1_000) },
    );
  });
});
