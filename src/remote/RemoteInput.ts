import { Subject } from 'rxjs';
import { runGuarded } from '../rx/runGuarded.js';

/** The input of a remote worker, as a Subject that ends only with its worker. */
export class RemoteInput<In> extends Subject<In> {
  constructor(
    private readonly push: (value: In) => void,
    private readonly end: () => void,
  ) {
    super();
  }

  /** Sends a value, with what else is sent in this turn of the event loop. */
  override next(value: In): void {
    this.push(value);
    if (this.observed) super.next(value);
  }

  /** Closes the stdin of the run that the values before are meant for. The next run accepts input again. */
  override complete(): void {
    this.end();
  }

  /** Likewise: a program has no use for an error. */
  override error(): void {
    this.end();
  }

  /** The worker is closed. */
  endAll(): void {
    runGuarded(() => super.complete());
  }

  /** @throws TypeError: it would end the input for everyone. */
  override unsubscribe(): never {
    throw new TypeError('send.unsubscribe() would end the input for everyone: close the worker');
  }
}
