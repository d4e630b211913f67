import { NEVER } from 'rxjs';
import { batchOf, type Missing, type Topic } from '../../src/link/Batch.js';
import type { Arrived, Line } from '../../src/link/Line.js';
import { messageOf } from '../../src/link/portLine.js';
import { Session } from '../../src/link/Session.js';
import type { Clock } from '../../src/rx/clock.js';

const WINDOW_BYTES = 300;
const MAX_BYTES = 800;

/** Counts over all runs, so that a fuzz that does nothing is noticed. */
export interface FuzzCounts {
  runs: number;
  delivered: number;
  cuts: number;
  gaps: number;
  missed: number;
  replaced: number;
  inDoubt: number;
  unsent: number;
}

/** Two sessions, and lines between them that are cut, held and slow, by a seed. @throws at the first value that is lost, doubled or out of order. */
export function fuzzSessions(firstSeed: number, runs: number): FuzzCounts {
  const counts: FuzzCounts = {
    runs: 0,
    delivered: 0,
    cuts: 0,
    gaps: 0,
    missed: 0,
    replaced: 0,
    inDoubt: 0,
    unsent: 0,
  };
  for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
    try {
      new Pair(seed, counts).run();
    } catch (error) {
      throw new Error(`seed ${seed}: ${String(error)}`);
    }
  }
  return counts;
}

/** Mulberry32. */
function randomBy(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

class ManualClock implements Clock {
  readonly #due = new Set<() => void>();
  now = () => 0;
  date = () => 0;
  after(_: number, then: () => void): () => void {
    this.#due.add(then);
    return () => this.#due.delete(then);
  }
  fire(): void {
    const due = [...this.#due];
    this.#due.clear();
    for (const then of due) then();
  }
}

/** One end: numbers its values from 1, and checks that those of the other end come as 1, 2, 3, … */
class End {
  readonly session: Session;
  pushed = 0;
  /** The next value that should arrive. */
  next = 1;

  constructor(
    clock: Clock,
    private readonly counts: FuzzCounts,
  ) {
    this.session = new Session(
      { deliver: (topic, values) => this.#deliver(topic, values) },
      WINDOW_BYTES,
      clock,
    );
  }

  push(topic: Topic, count: number): void {
    const values = Array.from({ length: count }, () => ++this.pushed);
    const bytes = 32 + values.length * 8;
    this.session.push({ topic, values, bytes, texts: values.map(String) });
  }

  #deliver(topic: Topic, values: readonly unknown[]): void {
    for (const value of values) {
      if (topic === 'gap') {
        const { out } = value as Missing;
        this.next += out;
        this.counts.gaps++;
        this.counts.missed += out;
      } else if (topic === 'out' || topic === 'send') {
        if (value !== this.next) throw new Error(`expected ${this.next}, not ${String(value)}`);
        this.next++;
        this.counts.delivered++;
      }
    }
  }
}

class Pair {
  readonly #random: () => number;
  readonly #clock = new ManualClock();
  readonly #counts: FuzzCounts;
  /** 0 is a host, which may drop its output; 1 is a client. */
  #ends: readonly [End, End];
  readonly #mayDrop: boolean;
  #wires: readonly [Arrived[], Arrived[]] | undefined;

  constructor(seed: number, counts: FuzzCounts) {
    this.#random = randomBy(seed);
    this.#counts = counts;
    this.#mayDrop = seed % 2 === 0;
    this.#ends = [this.#end(), this.#end()];
  }

  run(): void {
    for (let step = 0; step < 400; step++) this.#step();
    this.#ends[1].session.hold(false);
    this.#settle();
    const [host, client] = this.#ends;
    // Each value arrived, or its absence was reported.
    if (client.next !== host.pushed + 1) throw new Error(`${client.next - 1} of ${host.pushed}`);
    if (host.next !== client.pushed + 1) throw new Error(`${host.next - 1} of ${client.pushed}`);
    for (const { session } of this.#ends) {
      if (session.bytes !== 0) throw new Error(`${session.bytes} bytes are left`);
      session.detach();
    }
    this.#counts.runs++;
  }

  #end(): End {
    return new End(this.#clock, this.#counts);
  }

  #step(): void {
    const choice = this.#random();
    const [host, client] = this.#ends;
    if (choice < 0.25) this.#push();
    else if (choice < 0.29) {
      if (this.#wires) this.#cut();
      else this.#connect();
    } else if (choice < 0.33) client.session.hold(this.#random() < 0.5);
    else if (choice < 0.35) this.#clock.fire();
    else if (choice < 0.36) this.#some(host, client).session.acknowledge();
    else if (choice < 0.361) this.#replaceHost();
    else if (this.#wires) this.#carry(this.#random() < 0.5 ? 0 : 1);
  }

  #some<T>(one: T, other: T): T {
    return this.#random() < 0.5 ? one : other;
  }

  #push(): void {
    const count = 1 + Math.floor(this.#random() * 3);
    const [host, client] = this.#ends;
    if (this.#random() < 0.4) client.push('send', count);
    else if (this.#random() < 0.2) host.session.push(batchOf('status', { state: 'running' }));
    else {
      host.push('out', count);
      if (this.#mayDrop && host.session.bytes > MAX_BYTES) host.session.trim(MAX_BYTES * 0.75);
    }
  }

  #connect(): void {
    const wires = [[], []] as readonly [Arrived[], Arrived[]];
    this.#wires = wires;
    const line = (to: Arrived[]): Line => ({
      frames$: NEVER,
      close: () => undefined,
      send: (frame) => to.push(messageOf(frame)),
    });
    const [host, client] = this.#ends;
    const hostGot = host.session.got;
    if (!host.session.attach(line(wires[1]), client.session.got)) throw new Error('host refuses');
    if (!client.session.attach(line(wires[0]), hostGot)) throw new Error('client refuses');
  }

  #cut(): void {
    this.#wires = undefined;
    this.#counts.cuts++;
    for (const { session } of this.#ends) session.detach();
  }

  #carry(to: 0 | 1): void {
    const frame = this.#wires?.[to].shift();
    if (frame) this.#ends[to].session.receive(frame);
  }

  /** The host is started anew. Its client learns what may have got lost, and begins anew. */
  #replaceHost(): void {
    if (this.#wires) this.#cut();
    const [host, client] = this.#ends;
    const { inDoubt, unsent } = client.session.reset();
    this.#counts.replaced++;
    this.#counts.inDoubt += inDoubt.length;
    this.#counts.unsent += unsent.length;
    const lost = [...inDoubt, ...unsent].flatMap(({ values }) => values as number[]);
    lost.forEach((value, i) => {
      if (value !== client.pushed - lost.length + 1 + i) throw new Error('lost out of order');
    });
    const delivered = host.next - 1;
    const firstUnsent = unsent[0]?.values[0] as number | undefined;
    if (delivered + lost.length < client.pushed) throw new Error('lost in silence');
    if (firstUnsent !== undefined && firstUnsent <= delivered)
      throw new Error('delivered, not unsent');
    const fresh = this.#end();
    fresh.next = client.pushed + 1;
    // The client knows by the session's id that the count begins anew.
    fresh.pushed = host.pushed;
    client.next = host.pushed + 1;
    this.#ends = [fresh, client];
  }

  #settle(): void {
    if (!this.#wires) this.#connect();
    for (let round = 0; round < 1_000 && this.#ends.some(({ session }) => session.bytes); round++) {
      while (this.#wires?.some((wire) => wire.length > 0)) {
        this.#carry(0);
        this.#carry(1);
      }
      this.#clock.fire();
    }
  }
}
