import { config, take, tap } from 'rxjs';
import { Broadcast } from '../../src/rx/Broadcast.js';
import { collectGarbage } from '../support/collectGarbage.js';

describe('Broadcast', () => {
  /** A broadcast of numbers, and the values of its subscribers, each named by a letter. */
  function create(replay?: number) {
    const broadcast = new Broadcast<number>(replay);
    const recorded: string[] = [];
    const subscribe = (name: string, next: (value: number) => void = () => undefined) =>
      broadcast.values$.subscribe({
        next(value) {
          recorded.push(`${name}${value}`);
          next(value);
        },
        complete: () => recorded.push(`${name}|`),
      });
    return { broadcast, recorded, subscribe };
  }

  it('emits each value to all subscribers, in the order of their subscription', () => {
    const { broadcast, recorded, subscribe } = create();
    subscribe('a');
    subscribe('b');
    broadcast.next(1);
    broadcast.next(2);
    expect(recorded).toEqual(['a1', 'b1', 'a2', 'b2']);
  });

  it('emits no earlier value to a late subscriber', () => {
    const { broadcast, recorded, subscribe } = create();
    broadcast.next(1);
    subscribe('a');
    broadcast.next(2);
    expect(recorded).toEqual(['a2']);
  });

  it('emits the last `replay` values to a late subscriber, then the new ones', () => {
    const { broadcast, recorded, subscribe } = create(2);
    [1, 2, 3].forEach((value) => {
      broadcast.next(value);
    });
    subscribe('a');
    broadcast.next(4);
    subscribe('b');
    expect(recorded).toEqual(['a2', 'a3', 'a4', 'b3', 'b4']);
  });

  it('emits fewer values to a late subscriber when there were fewer', () => {
    const { broadcast, recorded, subscribe } = create(2);
    broadcast.next(1);
    subscribe('a');
    expect(recorded).toEqual(['a1']);
  });

  it.each([1, 2, 3, 5])('emits the last %d values, however many there were', (replay) => {
    const { broadcast } = create(replay);
    const all: number[] = [];
    for (let value = 1; value <= 12; value++) {
      broadcast.next(value);
      all.push(value);
      const seen: number[] = [];
      broadcast.values$.subscribe((replayed) => seen.push(replayed)).unsubscribe();
      expect(seen).toEqual(all.slice(-replay));
    }
  });

  it('emits nothing to an unsubscribed subscriber', () => {
    const { broadcast, recorded, subscribe } = create(1);
    const subscription = subscribe('a');
    subscribe('b');
    broadcast.next(1);
    subscription.unsubscribe();
    broadcast.next(2);
    expect(recorded).toEqual(['a1', 'b1', 'b2']);
  });

  it('keeps no reference to an unsubscribed subscriber', async () => {
    const { broadcast } = create();
    const left = Array.from({ length: 100 }, () => {
      const subscription = broadcast.values$.subscribe();
      subscription.unsubscribe();
      return new WeakRef(subscription);
    });
    await collectGarbage();
    expect(left.filter((subscription) => subscription.deref()).length).toBeLessThan(5);
    broadcast.complete();
  });

  it('keeps two subscriptions of one observer apart', () => {
    const { broadcast } = create();
    const observer = { next: jest.fn() };
    const first = broadcast.values$.subscribe(observer);
    broadcast.values$.subscribe(observer);
    broadcast.next(1);
    expect(observer.next).toHaveBeenCalledTimes(2);
    first.unsubscribe();
    broadcast.next(2);
    expect(observer.next).toHaveBeenCalledTimes(3);
  });

  it('ends the replay for a subscriber that leaves during it', () => {
    const { broadcast } = create(3);
    [1, 2, 3].forEach((value) => {
      broadcast.next(value);
    });
    const seen: number[] = [];
    broadcast.values$
      .pipe(
        tap((value) => seen.push(value)),
        take(2),
      )
      .subscribe();
    broadcast.next(4);
    expect(seen).toEqual([1, 2]);
  });

  it('does not emit a value to a subscriber that comes during its emission', () => {
    const { broadcast, recorded, subscribe } = create();
    subscribe('a', (value) => {
      if (value === 1) subscribe('b');
    });
    broadcast.next(1);
    broadcast.next(2);
    expect(recorded).toEqual(['a1', 'a2', 'b2']);
  });

  it('does not emit a value to a subscriber that leaves during its emission, but to the others', () => {
    const { broadcast, recorded, subscribe } = create();
    subscribe('a', () => {
      b.unsubscribe();
    });
    const b = subscribe('b');
    subscribe('c');
    broadcast.next(1);
    expect(recorded).toEqual(['a1', 'c1']);
  });

  it('still emits to the others when one leaves by itself', () => {
    const { broadcast, recorded, subscribe } = create();
    const a = subscribe('a', () => {
      a.unsubscribe();
    });
    subscribe('b');
    broadcast.next(1);
    broadcast.next(2);
    expect(recorded).toEqual(['a1', 'b1', 'b2']);
  });

  describe('with a subscriber that throws', () => {
    afterEach(() => {
      config.onUnhandledError = null;
    });

    it('leaves the error to RxJS, and still emits to all', async () => {
      const { broadcast, recorded, subscribe } = create();
      const error = new Error('thrown by a subscriber');
      subscribe('a', () => {
        throw error;
      });
      subscribe('b');
      const errors: unknown[] = [];
      const reported = new Promise<void>((resolve) => {
        config.onUnhandledError = (thrown) => {
          if (errors.push(thrown) === 2) resolve();
        };
      });
      broadcast.next(1);
      broadcast.next(2);
      expect(recorded).toEqual(['a1', 'b1', 'a2', 'b2']);
      await reported;
      expect(errors).toEqual([error, error]);
    });
  });

  it('completes for all subscribers', () => {
    const { broadcast, recorded, subscribe } = create();
    subscribe('a');
    subscribe('b');
    broadcast.next(1);
    broadcast.complete();
    expect(recorded).toEqual(['a1', 'b1', 'a|', 'b|']);
  });

  it('replays, then completes, for a subscriber after its completion', () => {
    const { broadcast, recorded, subscribe } = create(1);
    broadcast.next(1);
    broadcast.complete();
    subscribe('a');
    expect(recorded).toEqual(['a1', 'a|']);
  });

  it('completes at once for a subscriber that comes during the completion', () => {
    const { broadcast, recorded, subscribe } = create();
    broadcast.values$.subscribe({ complete: () => subscribe('b') });
    broadcast.complete();
    expect(recorded).toEqual(['b|']);
  });

  it('emits nothing after its completion', () => {
    const { broadcast, recorded, subscribe } = create(2);
    subscribe('a');
    broadcast.next(1);
    broadcast.complete();
    broadcast.next(2);
    broadcast.complete();
    subscribe('b');
    expect(recorded).toEqual(['a1', 'a|', 'b1', 'b|']);
  });

  it('gives out no more than an Observable', () => {
    const { values$ } = new Broadcast<number>();
    expect(values$).not.toHaveProperty('next');
    expect(values$).not.toHaveProperty('complete');
  });
});
