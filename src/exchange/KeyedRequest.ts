import { ReplyTimeoutError } from '../contract/errors.js';
import type { RequestTrace } from '../contract/RequestTracer.js';
import type { RequestLimits } from '../contract/RequestLimits.js';
import type { IdentifiedRequest, Key } from './KeyIndex.js';
import { PendingRequest } from './PendingRequest.js';
import type { Requests } from './Requests.js';

/** How a request by key is asked. */
export interface KeyPlan<Out, In> {
  readonly key: Key<Out, In>;
  /** How many in a row may time out, with no output between, before the run is ended. */
  readonly maxTimeouts: number;
  readonly limits: RequestLimits;
  /** A late reply to a probe is as good for the next one: its id is not abandoned. */
  readonly isProbe?: boolean;
}

/** Where the reply of a request by key goes. */
export interface ReplyReceiver<Out, In> {
  replied(request: KeyedRequest<Out, In>, reply: Out): void;
  failed(error: unknown): void;
  /** `failed` follows in a later turn of the event loop: nothing more is to be asked. */
  failing?(): void;
}

/** A request whose reply is the one message with the same id. */
export class KeyedRequest<Out, In>
  extends PendingRequest<Out, In>
  implements IdentifiedRequest<Out, In>
{
  readonly isWanted = true;
  readonly id: unknown;
  /** Its index in the list of its receiver. */
  index = 0;
  trace: RequestTrace | undefined;

  /** @throws TypeError if it has no id: it could have no reply. */
  constructor(
    override readonly requests: Requests<Out, In>,
    value: In,
    private readonly plan: KeyPlan<Out, In>,
    private readonly receiver: ReplyReceiver<Out, In>,
  ) {
    super(requests, value, plan.limits);
    this.id = plan.key(value);
    if (this.id === undefined) {
      throw new TypeError('a request must have a key, or it has no reply');
    }
  }

  override get isProbe(): boolean {
    return this.plan.isProbe === true;
  }

  get key(): Key<Out, In> {
    return this.plan.key;
  }

  /** @throws TypeError if its id is taken. */
  reserveId(): void {
    this.requests.keys.add(this);
  }

  /** The subscriber has left. */
  leave(): void {
    const mayBeAnswered = !this.requests.isUnsent(this);
    this.trace?.end({ outcome: 'left' });
    if (this.requests.remove(this)) this.requests.keys.remove(this, mayBeAnswered);
  }

  replied(reply: Out): void {
    this.requests.keys.remove(this, false);
    this.trace?.end({ outcome: 'replied', result: reply });
    this.receiver.replied(this, reply);
  }

  override failing(): void {
    this.receiver.failing?.();
  }

  override fail(error: unknown): void {
    this.trace?.end({ outcome: 'failed', error });
    const isLate = error instanceof ReplyTimeoutError;
    this.requests.keys.remove(this, isLate && !this.isProbe);
    if (isLate) this.requests.keyTimedOut(this.plan.maxTimeouts, error);
    this.receiver.failed(error);
  }
}
