import { SharedPause } from '../../src/rx/SharedPause.js';

describe('SharedPause', () => {
  function create() {
    const applied: boolean[] = [];
    return { applied, pause: new SharedPause((held) => applied.push(held)) };
  }

  it('is not held at first', () => {
    expect(create().applied).toEqual([]);
  });

  it('is held from the first hold on, and let go with it', () => {
    const { applied, pause } = create();
    const hold = pause.hold();
    expect(applied).toEqual([true]);
    hold.unsubscribe();
    expect(applied).toEqual([true, false]);
  });

  it('is held until the last of several lets go, in any order', () => {
    const { applied, pause } = create();
    const holds = [pause.hold(), pause.hold(), pause.hold()];
    expect(applied).toEqual([true]);
    for (const i of [1, 2, 0]) {
      expect(applied).toEqual([true]);
      holds[i]?.unsubscribe();
    }
    expect(applied).toEqual([true, false]);
  });

  it('counts a hold that is let go twice once', () => {
    const { applied, pause } = create();
    const [once, other] = [pause.hold(), pause.hold()];
    once.unsubscribe();
    once.unsubscribe();
    expect(applied).toEqual([true]);
    other.unsubscribe();
    expect(applied).toEqual([true, false]);
  });

  it('can be held again', () => {
    const { applied, pause } = create();
    for (let i = 0; i < 2; i++) pause.hold().unsubscribe();
    expect(applied).toEqual([true, false, true, false]);
  });
});
