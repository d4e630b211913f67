import { catchError, from, map, mergeMap, of, range, take } from 'rxjs';
import { exchange } from 'simple-ipc';
import { fakeWorker, observe } from '../support/fakeWorker.js';
import { cleanUp, eventually, numbers, watchWarnings } from '../support/programs.js';

const COUNT = 10_000;

describe('exchange, of very many requests', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  it('fails all that wait when the worker is stopped', async () => {
    const { worker, system } = await fakeWorker();
    let failed = 0;
    const observed = observe(
      range(0, COUNT).pipe(
        map(String),
        mergeMap((request) =>
          of(request).pipe(
            exchange(worker, { reply: take(1) }),
            catchError(() => of(failed++)),
          ),
        ),
      ),
    );
    await system.pass(0);
    await Promise.all([worker.stop(), system.pass(10)]);
    await eventually(() => observed.end === 'complete');
    expect(failed).toBe(COUNT);
  });

  it('asks all that have no reply', async () => {
    const { worker, system, program } = await fakeWorker();
    const observed = observe(
      from(numbers(COUNT)).pipe(exchange(worker, { reply: () => from([]) })),
    );
    while (observed.end === 'open') await system.pass(0);
    expect(observed.end).toBe('complete');
    expect(program.received).toEqual(numbers(COUNT));
  });
});
