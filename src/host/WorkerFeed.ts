import { Observable, share, Subscription } from 'rxjs';
import type { PoolStatus } from '../contract/Pool.js';
import { internalsOf } from '../contract/internals.js';
import { batchOf, measure, type Batch, type Measured, type Missing } from '../link/Batch.js';
import { Batcher } from '../link/Batcher.js';
import type { AnyPool, AnyWorker } from './Exposure.js';
import { Redactor } from './redact.js';

/** A read of a pipe, 64 KiB, is one batch; what one turn may bring beyond it is another. */
const BATCH_BYTES = 128 * 1024;

/** The events of a shared worker or pool: its present state at once, then each event. */
export interface Feed {
  /** @param details - whether commands, process ids and messages are shown. */
  join(details: boolean, next: (batch: Batch) => void): Subscription;
}

/** The events of a worker, in batches and one order that all its sessions share. */
export class WorkerFeed implements Feed {
  readonly #worker: AnyWorker;
  readonly #maxValueBytes: number;
  readonly #flushes = new Set<() => void>();
  readonly #strangers$ = this.#batches(new Redactor(false));
  readonly #trusted$ = this.#batches(new Redactor(true));

  /** @param maxValueBytes - a larger value would keep its line busy until it counts as dead, again and again. */
  constructor(worker: AnyWorker, maxValueBytes: number) {
    this.#worker = worker;
    this.#maxValueBytes = maxValueBytes;
  }

  join(details: boolean, next: (batch: Batch) => void): Subscription {
    // Values collected so far become part of the replay, if there is one.
    for (const flush of this.#flushes) flush();
    const { clock } = internalsOf(this.#worker);
    next(batchOf('status', new Redactor(details).status(this.#worker.status$.value, clock.date())));
    const replayed = new Batcher(next, BATCH_BYTES);
    const add = (topic: 'out' | 'err') => (value: unknown) => this.#add(replayed, topic, value);
    // Ended at once: only what is replayed is emitted.
    this.#worker.output$.subscribe(add('out')).unsubscribe();
    this.#worker.stderr$.subscribe(add('err')).unsubscribe();
    replayed.flush();
    return (details ? this.#trusted$ : this.#strangers$).subscribe(next);
  }

  #batches(redactor: Redactor): Observable<Batch> {
    return new Observable<Batch>((subscriber) => {
      const batcher = new Batcher((batch) => subscriber.next(batch), BATCH_BYTES);
      this.#flushes.add(batcher.flush);
      const subscription = this.#collect(batcher, redactor);
      subscription.add(() => this.#flushes.delete(batcher.flush));
      return subscription;
    }).pipe(share());
  }

  #collect(batcher: Batcher, redactor: Redactor): Subscription {
    const { output$, stderr$ } = this.#worker;
    const { statusChanges$, supervisor, clock } = internalsOf(this.#worker);
    const all = new Subscription();
    // Not `status$`: a failure that only strangers see is still a warning here.
    all.add(
      statusChanges$.subscribe((status) =>
        batcher.add('status', redactor.status(status, clock.date())),
      ),
    );
    all.add(
      supervisor.rest$.subscribe((error) =>
        batcher.add('rest', error ? redactor.error(error) : null),
      ),
    );
    all.add(stderr$.subscribe((line) => this.#add(batcher, 'err', line)));
    all.add(
      output$.subscribe({
        next: (value) => this.#add(batcher, 'out', value),
        complete: () => {
          batcher.add('done', true);
          batcher.flush();
        },
      }),
    );
    return all;
  }

  #add(batcher: Batcher, topic: 'out' | 'err', value: unknown): void {
    // The path of every line.
    if (typeof value === 'string' && value.length < this.#maxValueBytes) {
      batcher.add(topic, value);
      return;
    }
    const measured = measureOrNot(value);
    if (measured && measured.bytes <= this.#maxValueBytes) batcher.add(topic, value, measured);
    else batcher.add('gap', oneMissing(topic));
  }
}

/** The counts of a pool. */
export class PoolFeed implements Feed {
  readonly #batches$: Observable<Batch>;

  constructor(pool: AnyPool) {
    this.#batches$ = new Observable((subscriber) =>
      pool.status$.subscribe({
        next: (status: PoolStatus) => subscriber.next(batchOf('status', status)),
        complete: () => subscriber.next(batchOf('done', true)),
      }),
    );
  }

  join(_: boolean, next: (batch: Batch) => void): Subscription {
    return this.#batches$.subscribe(next);
  }
}

function oneMissing(topic: 'out' | 'err'): Missing {
  return { out: topic === 'out' ? 1 : 0, err: topic === 'err' ? 1 : 0, reason: 'unsendable' };
}

function measureOrNot(value: unknown): Measured | undefined {
  try {
    return measure(value);
  } catch {
    return undefined;
  }
}
