import { Subscription, type Observable } from 'rxjs';
import { toErrorData, type ErrorData } from '../contract/errorData.js';
import { ExitError, InputClosedError } from '../contract/errors.js';
import { runGuarded } from '../rx/runGuarded.js';
import type { Envelope, Postmark } from './Envelope.js';
import { replySubject, type Answer, type Kind } from './ReplyMessage.js';

/** How a delivery ended, as the service counts it. */
export type Outcome = 'replied' | 'failed' | 'returned' | 'abandoned';

/** The acknowledgement of a delivery: dealt with; redeliver at once or later; none, since another node has it. */
export type Settlement = 'done' | 'again' | 'later' | 'none';

/** The service, as a delivery uses it. */
export interface DeliveryHost<In, Reply> {
  readonly isUp: boolean;
  readonly maxPayload: number;
  execute(request: In, timeoutMs: number): Observable<Reply>;
  decode(data: Uint8Array): In;
  encode(reply: Reply): Uint8Array;
  publish(subject: string, data: string | Uint8Array, reply: string): void;
  /** Whether that many bytes more may wait for the connection; if so, they are counted. */
  hold(bytes: number): boolean;
  release(bytes: number): void;
  begun(delivery: Delivery<In, Reply>): void;
  failed(error: unknown): void;
  settle(delivery: Delivery<In, Reply>, outcome: Outcome, settlement: Settlement): void;
}

/** A message that waits until the asker is known to be there. */
interface Held {
  readonly subject: string;
  readonly data: Uint8Array;
}

/** How many beats an asker may miss before its request is let go of. */
const MAX_MISSED = 2;
/** A request whose asker was not to be had at this many deliveries is dropped. */
const MAX_UNASKED = 3;

const utf8 = new TextEncoder();

/** A request that the broker has delivered here: at first it may wait for its asker, then a worker is at it. */
export class Delivery<In, Reply> {
  readonly acknowledge: string;
  /** Where the asker answers. */
  readonly control: string;
  hasBegun = false;
  readonly #host: DeliveryHost<In, Reply>;
  readonly #envelope: Envelope;
  readonly #delivery: number;
  readonly #data: Uint8Array;
  readonly #execution = new Subscription();
  /** Whether the asker is known to be there, and to want this execution. */
  #isAllowed = false;
  #index = 0;
  /** It may be the last: a reply of one value is then one message. */
  #latest: { readonly value: Reply } | undefined;
  #held: Held[] = [];
  #heldBytes = 0;
  #outcome: Outcome | undefined;
  #missed = 0;
  #isUnanswered = false;
  #isOver = false;

  constructor(
    host: DeliveryHost<In, Reply>,
    envelope: Envelope,
    { delivery, acknowledge }: Postmark,
    control: string,
    data: Uint8Array,
  ) {
    this.#host = host;
    this.#envelope = envelope;
    this.#delivery = delivery;
    this.acknowledge = acknowledge;
    this.control = control;
    this.#data = data;
  }

  get replyTo(): string {
    return this.#envelope.replyTo;
  }

  /** Begins, or asks whether it may. */
  open(): void {
    const { attempts } = this.#envelope;
    if (attempts === undefined) {
      this.#signal('begin');
      return;
    }
    this.#isAllowed = true;
    if (this.#delivery <= attempts) this.#begin();
    else
      this.#end({
        name: 'RequestLostError',
        reason: `lost a request: its node fell silent, ${attempts} times`,
      });
  }

  answered(answer: Answer): void {
    if (answer === 'go') this.#go();
    else if (answer === '') this.drop('done');
    // Another worker has it, which may yet die.
    else if (this.hasBegun) this.drop('none');
    else this.#settle('returned', 'later');
  }

  /** The broker reported that the inbox has no subscriber. */
  unanswered(): void {
    if (!this.hasBegun) this.#giveBack();
    // Nobody waits for a request that may be executed again: no worker is spent on it.
    else if (this.#isAllowed && this.#envelope.attempts !== undefined) this.drop('done');
    else this.#isUnanswered = true;
  }

  /** Replies would be lost until the asker answers again. */
  connectionLost(): void {
    this.#isAllowed = false;
  }

  connectionBack(): void {
    this.#missed = 0;
    this.#signal('begin');
  }

  /** Called at intervals while the connection is there. */
  beat(): void {
    this.#missed = this.#isUnanswered || !this.#isAllowed ? this.#missed + 1 : 0;
    this.#isUnanswered = false;
    // A worker does not wait for an asker that is silent.
    if (!this.hasBegun && this.#missed > 1) this.#giveBack();
    else if (this.#missed > MAX_MISSED) this.drop('done');
    else this.#signal(this.#isAllowed ? 'alive' : 'begin');
  }

  /** Nobody waits for it. Its worker is free when its reply is complete, as beside the program. */
  drop(settlement: Settlement): void {
    this.#settle('abandoned', settlement);
  }

  #giveBack(): void {
    if (this.#delivery > MAX_UNASKED) this.drop('done');
    else this.#settle('returned', 'later');
  }

  #go(): void {
    this.#isAllowed = true;
    this.#missed = 0;
    if (!this.hasBegun) this.#begin();
    for (const { subject, data } of this.#held.splice(0)) {
      this.#host.publish(subject, data, this.control);
    }
    this.#host.release(this.#heldBytes);
    this.#heldBytes = 0;
    if (this.#outcome) this.#settle(this.#outcome, 'done');
  }

  #begin(): void {
    this.hasBegun = true;
    this.#host.begun(this);
    let request: In;
    try {
      request = this.#host.decode(this.#data);
    } catch (error) {
      this.#host.failed(error);
      this.#end({ name: 'FramingError', reason: 'was sent a request that cannot be decoded' });
      return;
    }
    this.#execution.add(
      this.#host.execute(request, this.#envelope.timeoutMs).subscribe({
        next: (value) => this.#next(value),
        error: (error: unknown) => this.#fail(error),
        complete: () => this.#complete(),
      }),
    );
  }

  #next(value: Reply): void {
    this.#flush('value');
    this.#latest = { value };
    queueMicrotask(() => this.#flush('value'));
  }

  #complete(): void {
    if (this.#latest) this.#flush('last');
    else this.#send('complete', '');
    this.#finish('replied');
  }

  #fail(error: unknown): void {
    const { attempts } = this.#envelope;
    const isRunEnded = error instanceof ExitError || error instanceof InputClosedError;
    this.#host.failed(error);
    if (isRunEnded && attempts !== undefined && this.#delivery < attempts) {
      this.#settle('returned', 'again');
      return;
    }
    this.#flush('value');
    this.#end(toErrorData(error));
  }

  #end(error: ErrorData): void {
    this.#send('error', JSON.stringify(error));
    this.#finish('failed');
  }

  #flush(kind: 'value' | 'last'): void {
    if (!this.#latest) return;
    const { value } = this.#latest;
    this.#latest = undefined;
    let data: Uint8Array;
    try {
      data = this.#host.encode(value);
    } catch (error) {
      this.#host.failed(error);
      this.#end({ name: 'SimpleIpcError', reason: 'made a reply that cannot be encoded' });
      return;
    }
    if (data.length <= this.#host.maxPayload) this.#send(kind, data);
    else this.#tooLarge(data.length);
  }

  #tooLarge(bytes: number): void {
    const reason = `made a reply of ${bytes} bytes: the broker's max_payload is ${this.#host.maxPayload}`;
    this.#end({ name: 'InputOverflowError', reason });
  }

  /** Sends a part of the reply, or keeps it until the asker is known to be there. */
  #send(kind: Kind, content: string | Uint8Array): void {
    if (this.#isOver || this.#outcome) return;
    const data = typeof content === 'string' ? utf8.encode(content) : content;
    const { replyTo } = this.#envelope;
    const subject = replySubject(replyTo, { delivery: this.#delivery, index: this.#index++, kind });
    if (this.#isAllowed) {
      this.#host.publish(subject, data, this.control);
    } else if (this.#host.hold(data.length)) {
      this.#held.push({ subject, data });
      this.#heldBytes += data.length;
    } else {
      this.drop('done');
    }
  }

  #signal(kind: 'begin' | 'alive'): void {
    const { replyTo } = this.#envelope;
    if (!this.#host.isUp) return;
    this.#host.publish(
      replySubject(replyTo, { delivery: this.#delivery, index: 0, kind }),
      '',
      this.control,
    );
  }

  /** The reply is complete; it may have to wait for its asker. */
  #finish(outcome: Outcome): void {
    if (this.#isOver) return;
    this.#outcome ??= outcome;
    if (this.#isAllowed) this.#settle(this.#outcome, 'done');
    else this.#leave();
  }

  #settle(outcome: Outcome, settlement: Settlement): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#latest = undefined;
    this.#held = [];
    this.#host.release(this.#heldBytes);
    this.#leave();
    this.#host.settle(this, outcome, settlement);
  }

  /** Unsubscribes from the reply; the teardown of `reply` may throw. */
  #leave(): void {
    runGuarded(() => this.#execution.unsubscribe());
  }
}
