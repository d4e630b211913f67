import type { TracedChannels } from './channels.js';

/** One operation that is traced: one message, published when it begins, fails and ends. */
export class Trace<Message extends { readonly error?: unknown }> {
  #isOpen = true;

  /** Publishes the beginning, in the caller's asynchronous context. */
  constructor(
    private readonly channels: TracedChannels<Message>,
    private readonly message: Message,
  ) {
    channels.start.publish(message);
  }

  /** Publishes the end, once. @param outcome - is added to the message. */
  end(outcome: Partial<Message>): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    Object.assign(this.message, outcome);
    if (outcome.error !== undefined) this.channels.error.publish(this.message);
    this.channels.asyncEnd.publish(this.message);
  }
}

/** Whether anything subscribes to an operation. */
export function isTraced({ start, asyncEnd, error }: TracedChannels<never>): boolean {
  return start.hasSubscribers || asyncEnd.hasSubscribers || error.hasSubscribers;
}
