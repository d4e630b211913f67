import type { Clock } from '../rx/clock.js';
import { batchOf, type Batch, type Missing, type Topic } from './Batch.js';
import type { Arrived, Line } from './Line.js';
import { breach } from './LineClosedError.js';

/** So many frames are acknowledged at once, and fewer after so long: a window holds many frames. */
const ACK_EVERY = 2;
const ACK_MS = 25;

/** The callbacks of a session. */
export interface SessionPorts {
  /** Values arrived, each once and in order. An error that it throws ends the line, as a breach of the protocol. */
  deliver(topic: Topic, values: readonly unknown[]): void;
  /** The other end has consumed something. */
  room?(): void;
}

/** The batches of a lost session that the other end had not confirmed as consumed. */
export interface LostBatches {
  /** They were sent: the other end may have got them. */
  readonly inDoubt: readonly Batch[];
  /** They were on no line. */
  readonly unsent: readonly Batch[];
}

/**
 * One end of a conversation that outlives its lines. What is pushed arrives at the other end, of the same
 * class, once and in order, however often the line is lost, while both ends live.
 *
 * The log holds what the other end has not consumed. Its first `sent` batches have been on a line: their numbers
 * are given away, and on the next line those that did not arrive are sent again at once.
 */
export class Session {
  readonly #ports: SessionPorts;
  readonly #windowBytes: number;
  readonly #clock: Clock;
  #log: Batch[] = [];
  /** The number of the first batch of the log. */
  #first = 0;
  #sent = 0;
  #bytes = 0;
  #inFlightBytes = 0;
  #got = 0;
  #consumed = 0;
  /** How much of `consumed` the other end was sent. */
  #acknowledged = 0;
  #isHeld = false;
  #line: Line | undefined;
  #cancelAck: (() => void) | undefined;

  /** @param windowBytes - how much is in flight until the other end has consumed some of it. */
  constructor(ports: SessionPorts, windowBytes: number, clock: Clock) {
    this.#ports = ports;
    this.#windowBytes = windowBytes;
    this.#clock = clock;
  }

  /** The size of the batches that are kept here, in flight or not. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many data frames have arrived. */
  get got(): number {
    return this.#got;
  }

  /** Queues a batch, and sends it if it fits in the window. */
  push(batch: Batch): void {
    this.#log.push(batch);
    this.#bytes += batch.bytes;
    this.#pump();
  }

  /**
   * Goes on over another line.
   *
   * @param peerGot - the number of data frames that the other end claims to have.
   * @returns whether that number is possible.
   */
  attach(line: Line, peerGot: unknown): boolean {
    const sent = this.#countTo(peerGot);
    if (sent === undefined || sent > this.#sent) return false;
    this.#line = line;
    this.#sent = sent;
    this.#inFlightBytes = bytesOf(this.#log.slice(0, sent));
    // Frames that arrived, by the hello, may not be consumed yet: only an ack opens the window.
    this.acknowledge();
    this.#pump();
    return true;
  }

  /** The line is lost, or left. */
  detach(): void {
    this.#line = undefined;
    this.#cancelAck?.();
    this.#cancelAck = undefined;
  }

  /** Begins anew, with an other end that knows nothing of this one. @returns what was not seen consumed. */
  reset(): LostBatches {
    const lost = {
      inDoubt: this.#log.slice(0, this.#sent),
      unsent: this.#log.slice(this.#sent),
    };
    this.#log = [];
    this.#first = this.#sent = this.#bytes = this.#inFlightBytes = 0;
    this.#got = this.#consumed = this.#acknowledged = 0;
    this.detach();
    return lost;
  }

  /** Takes a data or ack frame. @throws LineClosedError if it is none, or not the next one. */
  receive(frame: Arrived): void {
    const [kind] = frame;
    if (kind === 'a') {
      this.#peerConsumed(frame[1]);
      return;
    }
    const [, at, consumed, topic, values] = frame;
    if (kind !== 'd' || at !== this.#got || !Array.isArray(values)) {
      throw breach('that is not the next frame');
    }
    this.#peerConsumed(consumed);
    this.#got++;
    this.#ports.deliver(topic as Topic, values);
    if (!this.#isHeld) this.#consume();
  }

  /** Withholds acks, so that the other end waits once its window is full; or sends them again. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    if (!isHeld) this.#consume();
  }

  /** Sends how much was consumed. It is a sign of life, too. */
  acknowledge(): void {
    this.#cancelAck?.();
    this.#cancelAck = undefined;
    this.#acknowledged = this.#consumed;
    this.#line?.send(['a', this.#consumed]);
  }

  /**
   * Drops the oldest output that was on no line, until at most `maxBytes` wait, and leaves a notice of how much is
   * missing in its place. The newest batch is kept, so that the output of a program that falls silent ends with its
   * last line. Other topics are kept.
   */
  trim(maxBytes: number): void {
    if (this.#bytes <= maxBytes) return;
    let out = 0;
    let err = 0;
    let bytes = this.#bytes;
    const newest = this.#log.at(-1);
    const kept = this.#log.slice(this.#sent).filter((batch) => {
      if (bytes <= maxBytes || batch === newest) return true;
      if (batch.topic === 'out') out += batch.values.length;
      else if (batch.topic === 'err') err += batch.values.length;
      else if (!isNotice(batch)) return true;
      else {
        out += batch.values[0].out;
        err += batch.values[0].err;
      }
      bytes -= batch.bytes;
      return false;
    });
    if (out + err === 0) return;
    const notice = batchOf('gap', { out, err, reason: 'slow' } satisfies Missing);
    this.#bytes = bytes + notice.bytes;
    this.#log = [...this.#log.slice(0, this.#sent), notice, ...kept];
  }

  #consume(): void {
    this.#consumed = this.#got;
    const due = this.#consumed - this.#acknowledged;
    if (due >= ACK_EVERY) this.acknowledge();
    else if (due > 0 && this.#line) {
      this.#cancelAck ??= this.#clock.after(ACK_MS, () => {
        this.#cancelAck = undefined;
        // Data that was sent meanwhile may have carried it.
        if (this.#consumed > this.#acknowledged) this.acknowledge();
      });
    }
  }

  #peerConsumed(upTo: unknown): void {
    const count = this.#countTo(upTo);
    if (count === undefined || count > this.#sent) throw breach('that was not sent');
    if (count === 0) return;
    const bytes = bytesOf(this.#log.splice(0, count));
    this.#first += count;
    this.#sent -= count;
    this.#bytes -= bytes;
    this.#inFlightBytes -= bytes;
    this.#ports.room?.();
    this.#pump();
  }

  /** How many batches of the log that number covers. */
  #countTo(number: unknown): number | undefined {
    if (typeof number !== 'number' || !Number.isInteger(number)) return undefined;
    return number >= this.#first ? number - this.#first : undefined;
  }

  #pump(): void {
    const line = this.#line;
    // Not until the line is lost: what was sent before on another has its number, and is counted here.
    while (line && this.#inFlightBytes < this.#windowBytes) {
      const batch = this.#log[this.#sent];
      if (!batch) break;
      const at = this.#first + this.#sent++;
      this.#inFlightBytes += batch.bytes;
      this.#acknowledged = this.#consumed;
      line.send(['d', at, this.#consumed, batch]);
    }
  }
}

function bytesOf(batches: readonly Batch[]): number {
  return batches.reduce((sum, { bytes }) => sum + bytes, 0);
}

function isNotice(batch: Batch): batch is Batch & { readonly values: readonly [Missing] } {
  const [value] = batch.values;
  return batch.topic === 'gap' && (value as Missing).reason === 'slow';
}
