import type { CommandWords } from '../contract/errors.js';
import type { ReactiveWorker, RejectedInput } from '../contract/ReactiveWorker.js';
import { RequestTracer } from '../contract/RequestTracer.js';
import { channels } from '../run/channels.js';

/** Publishes the events of a worker on the channels of this process. */
export class WorkerEvents {
  readonly tracer: RequestTracer;

  constructor(
    private readonly name: string,
    private readonly command: CommandWords,
    private readonly worker: Pick<ReactiveWorker<unknown, never>, 'status$' | 'stderr$'>,
  ) {
    this.tracer = new RequestTracer(channels.exchange, name, command);
  }

  /** Publishes its present status. */
  status(isDisposed = false): void {
    if (!channels.status.hasSubscribers) return;
    const { name, command, worker } = this;
    channels.status.publish({ name, command, worker, status: worker.status$.value, isDisposed });
  }

  rejected<In>({ value, error }: RejectedInput<In>): void {
    if (!channels.rejected.hasSubscribers) return;
    channels.rejected.publish({ name: this.name, command: this.command, value, error });
  }
}
