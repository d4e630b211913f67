import { BehaviorSubject, map, Subject } from 'rxjs';
import { createStatus, StatusSubject } from '../../src/contract/StatusSubject.js';
import type { WorkerStatus } from '../../src/contract/status.js';

const starting = (generation: number): WorkerStatus => ({ state: 'starting', generation });
const running: WorkerStatus = { state: 'running', generation: 1, pid: 1 };

describe('createStatus', () => {
  it('begins at rest', () => {
    expect(createStatus<WorkerStatus>({ state: 'stopped' }).status$.value).toEqual({
      state: 'stopped',
    });
  });

  it('emits the newest status to a new subscriber, then all that follow', () => {
    const { status$, next } = createStatus<WorkerStatus>({ state: 'stopped' });
    const recorded: WorkerStatus[] = [];
    next(starting(1));
    status$.subscribe((status) => recorded.push(status));
    next(running);
    expect(recorded).toEqual([starting(1), running]);
    expect(status$.value).toBe(running);
    expect(status$.getValue()).toBe(running);
  });

  it('completes, and keeps its value', () => {
    const { status$, next, complete } = createStatus<WorkerStatus>({ state: 'stopped' });
    const early = { next: jest.fn(), complete: jest.fn() };
    const late = { next: jest.fn(), complete: jest.fn() };
    status$.subscribe(early);
    next(running);
    complete();
    next(starting(2));
    status$.subscribe(late);
    expect(early.next.mock.calls).toEqual([[{ state: 'stopped' }], [running]]);
    expect(early.complete).toHaveBeenCalledTimes(1);
    expect(late.next).not.toHaveBeenCalled();
    expect(late.complete).toHaveBeenCalledTimes(1);
  });

  describe('written from inside of a subscriber', () => {
    /** Subscribers `a`, `b` and `c`, of which `b` writes more at each generation before the last. */
    function tellFrom(last: number, perTurn: number) {
      const { status$, next } = createStatus<WorkerStatus>({ state: 'stopped' });
      const recorded: Record<'a' | 'b' | 'c', number[]> = { a: [], b: [], c: [] };
      const values: boolean[] = [];
      let newest = 1;
      for (const name of ['a', 'b', 'c'] as const) {
        status$.subscribe((status) => {
          if (status.state !== 'starting') return;
          recorded[name].push(status.generation);
          values.push(status$.value === status);
          if (name !== 'b') return;
          for (let i = 0; i < perTurn && newest < last; i++) next(starting(++newest));
        });
      }
      next(starting(1));
      return { status$, recorded, values };
    }

    it.each([
      [3, 1],
      [3, 2],
      [50, 3],
    ])('emits the same order to all subscribers: %d statuses, %d at a time', (last, perTurn) => {
      const { status$, recorded } = tellFrom(last, perTurn);
      const order = Array.from({ length: last }, (_, i) => i + 1);
      expect(recorded).toEqual({ a: order, b: order, c: order });
      expect(status$.value).toEqual(starting(last));
    });

    it('has the status that is being emitted as its value', () => {
      const { values } = tellFrom(5, 2);
      expect(values).toEqual(Array<boolean>(15).fill(true));
    });

    it('emits each status once to a subscriber that comes meanwhile', () => {
      const { status$, next } = createStatus<WorkerStatus>({ state: 'stopped' });
      const recorded: WorkerStatus[] = [];
      status$.subscribe((status) => {
        if (status.state !== 'starting' || status.generation > 1) return;
        next(starting(2));
        // eslint-disable-next-line rxjs-x/no-nested-subscribe -- that is the case
        status$.subscribe((later) => recorded.push(later));
        next(starting(3));
      });
      next(starting(1));
      expect(recorded).toEqual([starting(1), starting(2), starting(3)]);
    });
  });
});

describe('StatusSubject', () => {
  const { status$, next } = createStatus<WorkerStatus>({ state: 'stopped' });

  it('is a real BehaviorSubject', () => {
    expect(status$).toBeInstanceOf(StatusSubject);
    expect(status$).toBeInstanceOf(BehaviorSubject);
    expect(status$).toBeInstanceOf(Subject);
  });

  it.each<[string, () => void]>([
    ['next', () => (status$ as Subject<unknown>).next({ state: 'running' })],
    ['error', () => (status$ as Subject<unknown>).error(new Error('from outside'))],
    ['complete', () => status$.complete()],
    // eslint-disable-next-line rxjs-x/no-subject-unsubscribe -- that is the case
    ['unsubscribe', () => status$.unsubscribe()],
  ])('throws a TypeError at %s() from outside, and goes on', (method, act) => {
    const observer = { next: jest.fn(), error: jest.fn(), complete: jest.fn() };
    const subscription = status$.subscribe(observer);
    const before = status$.value;
    expect(act).toThrow(TypeError);
    expect(act).toThrow(`status$.${method}() is the worker's own`);
    expect(status$.value).toBe(before);
    next(running);
    expect(observer.next.mock.calls).toEqual([[before], [running]]);
    expect(observer.error).not.toHaveBeenCalled();
    expect(observer.complete).not.toHaveBeenCalled();
    subscription.unsubscribe();
  });

  it('does not let anyone write through a pipe', () => {
    const piped$ = status$.pipe(map((status) => status)) as unknown as Subject<WorkerStatus>;
    expect(() => piped$.next(starting(7))).toThrow(TypeError);
    expect(() => piped$.complete()).toThrow(TypeError);
  });

  it('knows whether it is observed', () => {
    expect(status$.observed).toBe(false);
    const subscription = status$.subscribe();
    expect(status$.observed).toBe(true);
    subscription.unsubscribe();
    expect(status$.observed).toBe(false);
  });
});
