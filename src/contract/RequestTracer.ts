import { Observable } from 'rxjs';
import type { ExchangeMessage, TracedChannels } from './channels.js';
import type { CommandWords } from './errors.js';
import { isTraced, Trace } from './Trace.js';

/** A request that is traced. */
export type RequestTrace = Trace<ExchangeMessage>;

/** Traces the requests to one worker or pool. */
export class RequestTracer {
  constructor(
    private readonly channels: TracedChannels<ExchangeMessage>,
    private readonly name: string,
    private readonly command: CommandWords,
  ) {}

  /** Whether anything subscribes to requests: if not, `begin` need not be called. */
  get isObserved(): boolean {
    return isTraced(this.channels);
  }

  begin(request: unknown): RequestTrace {
    return new Trace(this.channels, { name: this.name, command: this.command, request });
  }
}

/** The reply of a request whose trace ends with it. */
export function traced<Reply>(reply$: Observable<Reply>, trace: RequestTrace): Observable<Reply> {
  return new Observable((subscriber) => {
    let result: unknown;
    const reading = reply$.subscribe({
      next: (value) => {
        result = value;
        subscriber.next(value);
      },
      error: (error: unknown) => {
        trace.end({ outcome: 'failed', error });
        subscriber.error(error);
      },
      complete: () => {
        trace.end({ outcome: 'replied', result });
        subscriber.complete();
      },
    });
    return () => {
      reading.unsubscribe();
      trace.end({ outcome: 'left' });
    };
  });
}
