import { from, NEVER, concat, of, throwError, VirtualTimeScheduler, type Observable } from 'rxjs';
import { clockOf } from '../../src/rx/clock.js';
import { endLater } from '../../src/rx/endLater.js';
import { hear } from '../support/fakeWorker.js';

const wrong = new Error('wrong');

describe('endLater', () => {
  it.each<[string, Observable<number>, unknown]>([
    ['completion', from([1, 2]), 'complete'],
    [
      'error',
      concat(
        from([1, 2]),
        throwError(() => wrong),
      ),
      wrong,
    ],
  ])('emits at once, and its %s in a later turn', (_, source$, end) => {
    const scheduler = new VirtualTimeScheduler();
    const heard = hear(source$.pipe(endLater(clockOf(scheduler), 'always')));
    expect(heard).toMatchObject({ values: [1, 2], end: 'open' });
    scheduler.flush();
    expect(heard.end).toBe(end);
  });

  it('unsubscribes from the source, and ends no more', () => {
    const scheduler = new VirtualTimeScheduler();
    const heard = hear(of(1).pipe(endLater(clockOf(scheduler), 'always')));
    heard.leave();
    hear(NEVER.pipe(endLater(clockOf(scheduler), 'always'))).leave();
    scheduler.flush();
    expect(heard.end).toBe('open');
  });
});
