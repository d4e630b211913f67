import { setImmediate as turn } from 'node:timers/promises';
import { getEventListeners } from 'node:events';
import { from, NEVER, Observable, of, range, Subject, tap, throwError } from 'rxjs';
import { abortable } from '../../src/rx/abortable.js';
import { observe } from '../support/fakeWorker.js';

describe('abortable', () => {
  function control() {
    const controller = new AbortController();
    const { signal } = controller;
    return { controller, signal, listeners: () => getEventListeners(signal, 'abort').length };
  }

  it('is the source, and keeps no listener when that ends', () => {
    const { signal, listeners } = control();
    expect(observe(abortable(from(['a', 'b']), signal))).toMatchObject({
      values: ['a', 'b'],
      end: 'complete',
    });
    const error = new Error('source');
    expect(
      observe(
        abortable(
          throwError(() => error),
          signal,
        ),
      ).end,
    ).toBe(error);
    expect(listeners()).toBe(0);
  });

  it('errors with the reason when it is aborted, and leaves the source', () => {
    const { controller, signal, listeners } = control();
    const source$ = new Subject<string>();
    const observed = observe(abortable(source$, signal));
    source$.next('a');
    expect(listeners()).toBe(1);
    controller.abort('enough');
    expect(observed).toMatchObject({ values: ['a'], end: 'enough' });
    expect(source$.observed).toBe(false);
    expect(listeners()).toBe(0);
  });

  it('errors with an AbortError when there is no reason', () => {
    const { controller, signal } = control();
    const observed = observe(abortable(NEVER, signal));
    controller.abort();
    expect(observed.end).toMatchObject({ name: 'AbortError' });
  });

  it('does not subscribe to the source if it is aborted before', async () => {
    let subscriptions = 0;
    const source$ = new Observable(() => {
      subscriptions++;
    });
    const observed = observe(abortable(source$, AbortSignal.abort('before')));
    // Never at once: a retry() without a delay would not end.
    expect(observed.end).toBe('open');
    await turn();
    expect(observed.end).toBe('before');
    expect(subscriptions).toBe(0);
  });

  it('keeps no listener, and leaves the source, when it is unsubscribed', () => {
    const { controller, signal, listeners } = control();
    const source$ = new Subject<string>();
    const observed = observe(abortable(source$, signal));
    observed.leave();
    expect(listeners()).toBe(0);
    expect(source$.observed).toBe(false);
    controller.abort('later');
    expect(observed.end).toBe('open');
  });

  it('has one listener, however many subscribe: Node would warn of more than ten', () => {
    const { controller, signal, listeners } = control();
    const never$ = abortable(NEVER, signal);
    const both = [observe(never$), observe(never$)];
    expect(listeners()).toBe(1);
    controller.abort('enough');
    expect(both.map(({ end }) => end)).toEqual(['enough', 'enough']);
  });

  it('ends a source that emits all at once', () => {
    const { controller, signal } = control();
    let emitted = 0;
    const source$ = range(0, 1_000_000).pipe(
      tap((i) => {
        emitted++;
        if (i === 2) controller.abort('enough');
      }),
    );
    expect(observe(abortable(source$, signal))).toMatchObject({ values: [0, 1], end: 'enough' });
    expect(emitted).toBe(3);
    expect(observe(abortable(of(1), signal)).values).toEqual([]);
  });
});
