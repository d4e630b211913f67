import { concat, from, NEVER, of, throwError, type Observable } from 'rxjs';
import { endLater } from '../../src/rx/endLater.js';
import { observe } from '../support/fakeWorker.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));
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
  ])('emits at once, and its %s in a later turn', async (_, source$, end) => {
    const observed = observe(source$.pipe(endLater('always')));
    expect(observed).toMatchObject({ values: [1, 2], end: 'open' });
    await turn();
    expect(observed.end).toBe(end);
  });

  it('unsubscribes from the source, and ends no more', async () => {
    const observed = observe(of(1).pipe(endLater('always')));
    observed.leave();
    observe(NEVER.pipe(endLater('always'))).leave();
    await turn();
    expect(observed.end).toBe('open');
  });
});
