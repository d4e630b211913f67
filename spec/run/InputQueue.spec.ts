import fc from 'fast-check';
import {
  InputClosedError,
  InputOverflowError,
  LineBreakError,
  lines,
  NotRunningError,
  type Codec,
} from '../../src/index.js';
import { type RejectedInput } from '../../src/contract/ReactiveWorker.js';
import type { ProgramInput } from '../../src/process/Program.js';
import { END_OF_FILE, InputQueue } from '../../src/run/InputQueue.js';
import { cases } from '../support/cases.js';
import { textOf } from '../support/textOf.js';

const KIB = 1024;
const BATCH_BYTES = 64 * KIB;
const command = ['cat', '-n'];

const closed = () => new InputClosedError(command, 'ended');
const notRunning = () => new NotRunningError(command, 'is not running');
/** Lets all that was put off to the end of this turn happen. */
const turn = () => Promise.resolve();

/** Whether a promise is settled by the end of the turn. */
async function isSettled(promise: Promise<void>): Promise<boolean> {
  let settled = false;
  void promise.then(() => (settled = true));
  for (let i = 0; i < 5; i++) await turn();
  return settled;
}

const createSender = () => ({ lost: jest.fn() });

/** A value that is encoded to so many bytes. */
const valueOf = (bytes: number) => 'x'.repeat(bytes - 1);

/** A queue, and what becomes of its values. */
function create<In = string>({
  maxPendingBytes = Infinity,
  codec = lines() as Codec<unknown, any> as Codec<unknown, In>,
} = {}) {
  const rejected: RejectedInput<In>[] = [];
  const readerGone = jest.fn();
  const queue = new InputQueue<In>(command, codec, maxPendingBytes, {
    rejected: (lost) => rejected.push(lost),
    closed: readerGone,
  });
  /** Takes what is there, as text; writing it succeeds. */
  const takeAll = () => {
    const taken: (string | symbol)[] = [];
    for (let entry = queue.take(); entry !== undefined; entry = queue.take()) {
      taken.push(entry === END_OF_FILE ? entry : textOf(entry));
      queue.taken();
    }
    return taken;
  };
  return { queue, rejected, readerGone, takeAll, values: () => rejected.map(({ value }) => value) };
}

describe('InputQueue', () => {
  describe('push', () => {
    it('collects the values of one turn into one batch, in their order', () => {
      const { queue, takeAll } = create();
      queue.push('a');
      queue.push('');
      queue.push('é€😀');
      expect(takeAll()).toEqual(['a\n\né€😀\n']);
    });

    it('wakes the reader once a turn, at its end', async () => {
      const { queue, takeAll } = create();
      const wake = jest.fn();
      queue.open(wake);
      expect(wake).toHaveBeenCalledTimes(1);
      queue.push('a');
      queue.push('b');
      expect(wake).toHaveBeenCalledTimes(1);
      await turn();
      expect(wake).toHaveBeenCalledTimes(2);
      expect(takeAll()).toEqual(['a\nb\n']);
      queue.push('c');
      await turn();
      expect(wake).toHaveBeenCalledTimes(3);
      await turn();
      expect(wake).toHaveBeenCalledTimes(3);
    });

    it('wakes the reader at once when a batch is full', () => {
      const { queue, takeAll } = create();
      const wake = jest.fn();
      queue.open(wake);
      queue.push(valueOf(BATCH_BYTES - 1));
      expect(wake).toHaveBeenCalledTimes(1);
      queue.push('');
      expect(wake).toHaveBeenCalledTimes(2);
      expect(takeAll().map((batch) => String(batch).length)).toEqual([BATCH_BYTES]);
    });

    it('begins a new batch after 64 KiB', () => {
      const { queue, takeAll } = create();
      const values = Array.from({ length: 10_000 }, (_, i) => `${String(i)} ${'x'.repeat(30)}`);
      for (const value of values) queue.push(value);
      const batches = takeAll().map(String);
      expect(batches.join('')).toBe(values.map((value) => `${value}\n`).join(''));
      expect(batches.length).toBeGreaterThan(3);
      for (const batch of batches.slice(0, -1)) {
        expect(batch.length).toBeGreaterThanOrEqual(BATCH_BYTES);
        expect(batch.length).toBeLessThan(BATCH_BYTES + 40);
      }
    });

    it('leaves a short text to the stream, which encodes it fastest', () => {
      const { queue } = create();
      queue.push('a');
      queue.push('b');
      expect(queue.take()).toBe('a\nb\n');
    });

    it('never cuts a value, however long', () => {
      const { queue, takeAll } = create();
      const long = 'é'.repeat(BATCH_BYTES);
      queue.push('a');
      queue.push(long);
      queue.push('b');
      expect(takeAll()).toEqual([`a\n${long}\n`, 'b\n']);
    });

    it('puts text and bytes together', () => {
      const codec = { ...lines(), encode: (value: string | Uint8Array) => value };
      const { queue, takeAll } = create({ codec });
      queue.push('é');
      queue.push(Uint8Array.of(0xe2, 0x82));
      queue.push(Uint8Array.of(0xac));
      queue.push('\n');
      expect(takeAll()).toEqual(['é€\n']);
    });

    it('copies short chunks into one, and leaves long ones as they are', () => {
      const codec = { ...lines(), encode: (value: string | Uint8Array) => value };
      const { queue, takeAll } = create({ codec });
      const [long, last] = [Buffer.alloc(8 * KIB, 'l'), Buffer.alloc(8 * KIB, 'm')];
      const pieces = [long, 'a', 'b', 'c'.repeat(8 * KIB), Buffer.from('d'), 'e', last];
      for (const piece of pieces) queue.push(piece);
      const chunks = queue.take() as readonly Uint8Array[];
      expect(chunks[0]).toBe(long);
      expect(chunks.at(-1)).toBe(last);
      expect(chunks.length).toBe(6);
      expect(Buffer.concat(chunks).toString()).toBe(pieces.join(''));
      queue.taken();
      for (let i = 0; i < 2 * KIB; i++) queue.push(Buffer.alloc(4 * KIB - 1, 's'));
      expect((queue.take() as readonly Uint8Array[]).length).toBe(1);
      queue.taken();
      expect(takeAll().length).toBe(Math.ceil((2 * KIB) / 17) - 1);
    });

    it('rejects what the codec refuses, with what the codec threw', () => {
      const error = new RangeError('no such move');
      const encode = () => {
        throw error;
      };
      const { queue, rejected, takeAll } = create({ codec: { ...lines(), encode } });
      queue.push('a');
      expect(rejected).toEqual([{ value: 'a', error }]);
      expect(rejected[0]!.error).toBe(error);
      expect(takeAll()).toEqual([]);
    });

    it('rejects what the codec refuses, with an error even if the codec threw none', () => {
      const encode = () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- that is the case
        throw 'no such move';
      };
      const { queue, rejected } = create({ codec: { ...lines(), encode } });
      queue.push('a');
      expect(rejected[0]!.error).toEqual(new TypeError('no such move'));
    });

    it('encodes a value once, rejected or not', () => {
      const encode = jest.fn((value: string) => value);
      const { queue, rejected } = create({ codec: { ...lines(), encode }, maxPendingBytes: 10 });
      queue.push('12345');
      queue.push('678901');
      expect(rejected).toMatchObject([{ value: '678901' }]);
      expect(encode).toHaveBeenCalledTimes(2);
    });

    it.each([
      ['number', 42],
      ['object', new ArrayBuffer(3)],
      ['object', new DataView(new ArrayBuffer(3))],
      ['undefined', undefined],
      ['null', null],
    ])('rejects what the codec makes neither text nor bytes of, but %s', (kind, encoded) => {
      const { queue, rejected } = create({ codec: { ...lines(), encode: () => encoded as never } });
      queue.push('a');
      const error = new TypeError(`encode() must make text or a Uint8Array, not ${kind}`);
      expect(rejected).toEqual([{ value: 'a', error }]);
    });

    it('rejects a line break with an error that names the command', () => {
      const { queue, rejected, takeAll } = create();
      queue.push('a');
      queue.push('b\nc');
      queue.push('d');
      expect(takeAll()).toEqual(['a\nd\n']);
      expect(rejected).toEqual([{ value: 'b\nc', error: expect.any(LineBreakError) }]);
      expect(rejected[0]!.error.message).toBe(
        '"cat -n" was not sent a line: "b\\nc" contains a line break',
      );
    });
  });

  describe('push, with a listener for a loss', () => {
    it('returns the bytes of the value, 0 if it is rejected', () => {
      const { queue, takeAll } = create({ maxPendingBytes: 5 });
      expect(queue.push('aé')).toBe(4);
      expect(queue.push('b')).toBe(0);
      expect(queue.push('\n')).toBe(0);
      expect(queue.push('')).toBe(1);
      expect(takeAll()).toEqual(['aé\n\n']);
      queue.refuse(notRunning);
      expect(queue.push('c')).toBe(0);
    });

    it('reports a value that is rejected at once, with the same error', () => {
      const { queue, rejected } = create({ maxPendingBytes: 5 });
      const sender = createSender();
      queue.push('12345', sender);
      queue.push('\n', sender);
      queue.refuse(notRunning);
      queue.push('a', sender);
      expect(sender.lost.mock.calls).toEqual(rejected.map(({ error }) => [error]));
      expect(sender.lost).toHaveBeenCalledTimes(3);
    });

    it('reports to the listener whether the caller of push got the error', () => {
      const known: boolean[] = [];
      const queue = new InputQueue<string>(command, lines(), Infinity, {
        rejected: (_, isKnown) => known.push(isKnown),
      });
      queue.push('\n');
      queue.push('\n', createSender());
      queue.push('later', createSender());
      queue.push('later');
      queue.close(closed);
      expect(known).toEqual([false, true, true, false]);
    });

    it('reports once the values of a batch that are rejected later', () => {
      const { queue } = create();
      const [first, second, third] = [createSender(), createSender(), createSender()];
      queue.push('nobody asks');
      queue.push('a', first);
      queue.push('b', second);
      queue.push('c', first);
      queue.complete();
      queue.push('d', third);
      queue.close(closed);
      expect(first.lost.mock.calls).toEqual([[closed()]]);
      expect(second.lost.mock.calls).toEqual([[closed()]]);
      expect(third.lost).not.toHaveBeenCalled();
    });

    it('reports a value that was being written, not one that was written', () => {
      const { queue } = create();
      const [written, inFlight] = [createSender(), createSender()];
      queue.push('a', written);
      queue.take();
      queue.taken();
      queue.push('b', inFlight);
      queue.take();
      queue.close(closed);
      expect(written.lost).not.toHaveBeenCalled();
      expect(inFlight.lost).toHaveBeenCalledTimes(1);
    });
  });

  describe('offer', () => {
    it('leaves a value that has to wait for room to its owner', () => {
      const { queue, values, takeAll } = create({ maxPendingBytes: 6 });
      expect(queue.offer('1234')).toBe(5);
      expect(queue.offer('5')).toBeUndefined();
      expect(queue.push('5')).toBe(0);
      expect(values()).toEqual(['5']);
      expect(takeAll()).toEqual(['1234\n']);
      expect(queue.offer('5')).toBe(2);
      expect(takeAll()).toEqual(['5\n']);
    });

    it('rejects a value for which there will never be room', () => {
      const { queue, rejected } = create({ maxPendingBytes: 4 });
      expect(queue.offer('1234')).toBe(0);
      expect(rejected).toMatchObject([{ value: '1234', error: { name: 'InputOverflowError' } }]);
    });
  });

  describe('a run', () => {
    it('reads from open() to its end-of-file', () => {
      const { queue, takeAll } = create();
      expect(queue.isOpen).toBe(false);
      queue.open(() => undefined);
      expect(queue.isOpen).toBe(true);
      queue.complete();
      // From here on, values are for the next run.
      expect(queue.isOpen).toBe(false);
      expect(takeAll()).toEqual([END_OF_FILE]);
      expect(queue.isOpen).toBe(false);
      queue.open(() => undefined);
      queue.close(closed);
      expect(queue.isOpen).toBe(false);
    });

    it('has its input ended behind what is queued, once, by endInput()', () => {
      const { queue, takeAll } = create();
      queue.open(() => undefined);
      queue.push('a');
      queue.endInput();
      queue.endInput();
      queue.complete();
      queue.push('b');
      queue.endInput();
      expect(takeAll()).toEqual(['a\n', END_OF_FILE, 'b\n']);
    });

    it('that fails has what is for it rejected, until its end-of-file or until it is gone', () => {
      const ends = ['complete', 'endInput', 'runGone'] as const;
      for (const end of ends) {
        const { queue, rejected, takeAll } = create();
        queue.open(() => undefined);
        queue.push('before');
        queue.fail(closed);
        queue.push('after');
        expect(rejected.map(({ value }) => value)).toEqual(['before', 'after']);
        expect(queue.isRefusing).toBe(true);
        queue[end]();
        expect(queue.isRefusing).toBe(false);
        queue.push('next');
        expect(rejected).toHaveLength(2);
        expect(takeAll()).toEqual(['next\n']);
      }
    });

    it('that fails leaves to the next what follows its end-of-file', () => {
      const { queue, rejected, takeAll } = create();
      queue.open(() => undefined);
      queue.push('this');
      queue.complete();
      queue.push('next');
      queue.fail(closed);
      queue.push('too');
      expect(rejected.map(({ value }) => value)).toEqual(['this']);
      expect(queue.isOpen).toBe(false);
      expect(takeAll()).toEqual(['next\ntoo\n']);
    });

    it('that fails or is gone changes nothing for a worker at rest', () => {
      const { queue, rejected } = create();
      queue.refuse(notRunning);
      queue.fail(closed);
      queue.endInput();
      queue.runGone();
      queue.push('a');
      expect(rejected.map(({ error }) => error.message)).toEqual([notRunning().message]);
    });

    it('is ended again after its end was taken or rejected', () => {
      const { queue, takeAll } = create();
      const open = () => queue.open(() => undefined);
      queue.complete();
      takeAll();
      open();
      queue.endInput();
      queue.close(closed);
      open();
      queue.endInput();
      expect(takeAll()).toEqual([END_OF_FILE]);
      open();
      queue.push('lost with it');
      queue.endInput();
      queue.close(closed);
      // Nobody reads.
      queue.endInput();
      open();
      expect(queue.isOpen).toBe(true);
    });

    it('that is gone has complete() end the input of the next', () => {
      const { queue, takeAll } = create();
      queue.inputEnded();
      queue.runGone();
      queue.complete();
      expect(takeAll()).toEqual([END_OF_FILE]);
    });

    it('that has had its end-of-file leaves complete() to the values of the next', () => {
      const { queue, takeAll } = create();
      queue.inputEnded();
      queue.complete();
      expect(takeAll()).toEqual([]);
      queue.push('next');
      queue.complete();
      expect(takeAll()).toEqual(['next\n', END_OF_FILE]);
      queue.accept();
      queue.complete();
      expect(takeAll()).toEqual([END_OF_FILE]);
    });

    it('is refused from refuse() to accept()', () => {
      const { queue } = create();
      expect(queue.isRefusing).toBe(false);
      queue.refuse(notRunning);
      expect(queue.isRefusing).toBe(true);
      queue.accept();
      expect(queue.isRefusing).toBe(false);
    });
  });

  describe('maxPendingBytes', () => {
    it.each([
      ['of one byte a character', ['ab', 'cde'], 7, 'f'],
      ['of two bytes a character', ['é', 'é'], 6, ''],
      ['of three bytes a character', ['€'], 4, ''],
      ['of four bytes a character', ['😀', ''], 6, ''],
      ['of a surrogate without its other half', ['\uD83D'], 4, ''],
      ['of digits', ['100', '', '0'], 7, '1'],
      ['that is longer than it', [], 5, '12345'],
      ['that is no longer than it', ['1234'], 5, ''],
    ])('is the number of bytes that may wait: text %s', (_, fitting, maxPendingBytes, next) => {
      const { queue, rejected, values, takeAll } = create({ maxPendingBytes });
      for (const value of fitting) queue.push(value);
      expect(rejected).toEqual([]);
      queue.push(next);
      expect(values()).toEqual([next]);
      expect(rejected[0]!.error).toBeInstanceOf(InputOverflowError);
      takeAll();
      for (const value of fitting) queue.push(value);
      expect(rejected).toHaveLength(1);
    });

    it('counts what is being written until it was written', () => {
      const { queue, values } = create({ maxPendingBytes: 4 });
      queue.push('a');
      queue.push('b');
      queue.take();
      queue.push('c');
      expect(values()).toEqual(['c']);
      queue.taken();
      queue.push('d');
      queue.push('e');
      expect(values()).toEqual(['c']);
      queue.push('f');
      expect(values()).toEqual(['c', 'f']);
    });

    it('accepts a shorter value where a longer one did not fit', () => {
      const { queue, values, takeAll } = create({ maxPendingBytes: 6 });
      for (const value of ['abc', 'de', 'f', 'g']) queue.push(value);
      expect(values()).toEqual(['de', 'g']);
      expect(takeAll()).toEqual(['abc\nf\n']);
    });

    it('is named by the error, with what is waiting', () => {
      const { queue, rejected } = create({ maxPendingBytes: 4 });
      queue.push('é');
      queue.push('é');
      expect(rejected[0]!.error.message).toBe(
        '"cat -n" reads too slowly: 3 bytes are waiting,' +
          ' and 3 more would exceed maxPendingBytes (4)',
      );
    });

    it('is free again for what was rejected', () => {
      const { queue, values } = create({ maxPendingBytes: 4 });
      queue.push('abc');
      queue.close(closed);
      queue.push('def');
      expect(values()).toEqual(['abc']);
      queue.take();
      queue.close(closed);
      queue.push('ghi');
      expect(values()).toEqual(['abc', 'def']);
    });
  });

  describe('open', () => {
    it('wakes the reader at once, for what waits already', () => {
      const { queue, takeAll } = create();
      queue.push('a');
      let taken: unknown;
      queue.open(() => (taken = takeAll()));
      expect(taken).toEqual(['a\n']);
    });

    it('wakes nobody before, nor after the reader is gone', async () => {
      const { queue } = create();
      queue.push('a');
      await turn();
      const wake = jest.fn();
      queue.open(wake);
      queue.push('b');
      queue.close(closed);
      queue.push(valueOf(2 * BATCH_BYTES));
      await turn();
      expect(wake).toHaveBeenCalledTimes(1);
    });
  });

  describe('complete', () => {
    it('stands between what was sent before and what is sent after', () => {
      const { queue, takeAll } = create();
      queue.push('a');
      queue.complete();
      queue.push('b');
      expect(takeAll()).toEqual(['a\n', END_OF_FILE, 'b\n']);
    });

    it('wakes the reader', async () => {
      const { queue, takeAll } = create();
      const wake = jest.fn();
      queue.open(wake);
      queue.complete();
      await turn();
      expect(wake).toHaveBeenCalledTimes(2);
      expect(takeAll()).toEqual([END_OF_FILE]);
    });

    it('is the end for the reader: it is not woken for what follows', async () => {
      const { queue } = create();
      const wake = jest.fn();
      queue.open(wake);
      queue.complete();
      queue.take();
      queue.push(valueOf(2 * BATCH_BYTES));
      await turn();
      expect(wake).toHaveBeenCalledTimes(1);
    });

    it('counts once for the same values', () => {
      const { queue, takeAll } = create();
      for (const value of ['a', 'b']) {
        queue.push(value);
        queue.complete();
        queue.complete();
      }
      expect(takeAll()).toEqual(['a\n', END_OF_FILE, 'b\n', END_OF_FILE]);
    });

    it('means nothing while everything is refused: it is not for the next run', () => {
      const { queue, takeAll } = create();
      queue.refuse(notRunning);
      queue.complete();
      queue.accept();
      queue.push('a');
      expect(takeAll()).toEqual(['a\n']);
    });
  });

  describe('close', () => {
    it('rejects the values for the reader, in order, and reports that the reader is gone', () => {
      const { queue, rejected, readerGone, takeAll } = create();
      queue.open(jest.fn());
      queue.push(valueOf(BATCH_BYTES));
      queue.push('b');
      queue.take();
      queue.push('c');
      expect(readerGone).not.toHaveBeenCalled();
      queue.close(closed);
      expect(readerGone).toHaveBeenCalledTimes(1);
      expect(rejected).toEqual(
        [valueOf(BATCH_BYTES), 'b', 'c'].map((value) => ({ value, error: closed() })),
      );
      expect(takeAll()).toEqual([]);
    });

    it('does not reject what was written', () => {
      const { queue, values } = create();
      queue.push('a');
      queue.take();
      queue.taken();
      queue.close(closed);
      expect(values()).toEqual([]);
    });

    it('keeps what stands after an end-of-file: it is for the next run', () => {
      const { queue, values, takeAll } = create();
      queue.push('a');
      queue.complete();
      queue.push('b');
      queue.close(closed);
      expect(values()).toEqual(['a']);
      queue.push('c');
      expect(takeAll()).toEqual(['b\nc\n']);
    });

    it('accepts values from a listener of a rejection', () => {
      const again: string[] = [];
      const queue: InputQueue<string> = new InputQueue<string>(command, lines(), Infinity, {
        rejected: ({ value }) => {
          again.push(value);
          queue.push(`${value}!`);
        },
      });
      queue.push('a');
      queue.push('b');
      queue.close(closed);
      expect(again).toEqual(['a', 'b']);
      expect(textOf(queue.take() as ProgramInput)).toBe('a!\nb!\n');
    });
  });

  describe('refuse', () => {
    it('rejects all that waits, end-of-files or not', () => {
      const { queue, rejected, takeAll } = create();
      for (const value of ['a', 'b', 'c']) {
        queue.push(value);
        queue.complete();
      }
      queue.refuse(notRunning);
      expect(rejected).toEqual(['a', 'b', 'c'].map((value) => ({ value, error: notRunning() })));
      expect(takeAll()).toEqual([]);
    });

    it('rejects once the values that such a listener sends', () => {
      const again: string[] = [];
      const queue: InputQueue<string> = new InputQueue<string>(command, lines(), Infinity, {
        rejected: ({ value }) => {
          again.push(value);
          queue.accept();
          queue.push(`${value}!`);
        },
      });
      queue.push('a');
      queue.refuse(notRunning);
      expect(again).toEqual(['a']);
      expect(queue.take()).toBe('a!\n');
    });

    it('rejects whatever comes, until accept()', () => {
      const { queue, rejected, values, takeAll } = create();
      queue.refuse(notRunning);
      queue.push('a');
      queue.push('b\nc');
      expect(rejected).toEqual(['a', 'b\nc'].map((value) => ({ value, error: notRunning() })));
      queue.accept();
      queue.push('d');
      expect(values()).toEqual(['a', 'b\nc']);
      expect(takeAll()).toEqual(['d\n']);
    });
  });

  describe('isFull', () => {
    it('is so while a full batch waits or is being written', () => {
      const { queue } = create();
      expect(queue.isFull).toBe(false);
      queue.push(valueOf(BATCH_BYTES - 1));
      expect(queue.isFull).toBe(false);
      queue.push(valueOf(1));
      expect(queue.isFull).toBe(true);
      queue.take();
      expect(queue.isFull).toBe(true);
      queue.taken();
      expect(queue.isFull).toBe(false);
    });

    it.each<[string, (queue: InputQueue<string>) => void]>([
      ['is gone', (queue) => queue.close(closed)],
      ['will not come', (queue) => queue.refuse(notRunning)],
    ])('is not so when the reader %s', (_, end) => {
      const { queue } = create();
      queue.push(valueOf(BATCH_BYTES));
      end(queue);
      expect(queue.isFull).toBe(false);
    });
  });

  describe('onMove', () => {
    it('calls back when something was written or rejected, not before, and once', () => {
      const { queue } = create();
      const callback = jest.fn();
      queue.onMove(callback);
      queue.push('a');
      queue.take();
      expect(callback).not.toHaveBeenCalled();
      queue.taken();
      queue.taken();
      expect(callback).toHaveBeenCalledTimes(1);
      queue.onMove(callback);
      queue.close(closed);
      expect(callback).toHaveBeenCalledTimes(2);
    });

    it('does not call a waiter that has given up', () => {
      const { queue } = create();
      const callback = jest.fn();
      queue.onMove(callback)();
      queue.close(closed);
      expect(callback).not.toHaveBeenCalled();
    });
  });

  describe('flushed', () => {
    it('is so at once while nothing waits', async () => {
      const { queue } = create();
      expect(await isSettled(queue.flushed())).toBe(true);
      queue.complete();
      expect(await isSettled(queue.flushed())).toBe(true);
    });

    it('comes when all was written, not when it is taken', async () => {
      const { queue } = create();
      queue.push(valueOf(BATCH_BYTES));
      queue.push('b');
      const flushed = queue.flushed();
      queue.take();
      queue.taken();
      queue.take();
      expect(await isSettled(flushed)).toBe(false);
      queue.taken();
      expect(await isSettled(flushed)).toBe(true);
    });

    it('does not wait for what is accepted later', async () => {
      const { queue } = create();
      queue.push('a');
      queue.take();
      const flushed = queue.flushed();
      queue.push('b');
      queue.taken();
      expect(await isSettled(flushed)).toBe(true);
    });

    it('comes when what waits is rejected', async () => {
      const { queue } = create();
      queue.push('a');
      const flushed = queue.flushed();
      expect(await isSettled(flushed)).toBe(false);
      queue.close(closed);
      expect(await isSettled(flushed)).toBe(true);
    });
  });

  type Step = number | 'complete' | 'open' | 'take' | 'taken' | 'close' | 'refuse' | 'accept';
  const steps = fc.array(
    fc.oneof(
      // The length of a value to push, 0 for one that contains a line break.
      { weight: 6, arbitrary: fc.oneof(fc.nat({ max: 20 }), fc.nat({ max: 40 * KIB })) },
      { weight: 3, arbitrary: fc.constantFrom<Step>('take', 'taken') },
      {
        weight: 1,
        arbitrary: fc.constantFrom<Step>('complete', 'open', 'close', 'refuse', 'accept'),
      },
    ),
    { maxLength: 40 },
  );
  const limits = fc.constantFrom(0, 10, 100, 80 * KIB, 200 * KIB, Infinity);

  it('hands over or rejects each value once, in order, in whatever order things happen', () => {
    fc.assert(
      fc.property(steps, limits, (all, maxPendingBytes) => {
        const { queue, rejected } = create({ maxPendingBytes });
        const bytesOf = (values: readonly string[]) =>
          values.reduce((sum, value) => sum + Buffer.byteLength(value) + 1, 0);
        // The rules, in their plainest form.
        let waiting: (string | null)[] = [];
        let inFlight: string[] = [];
        const written: string[] = [];
        const lost: string[] = [];
        const gate = { isShut: false };
        let pushed = 0;
        const pending = () => [...inFlight, ...waiting.filter((value) => value !== null)];

        const act: Record<Exclude<Step, number>, () => void> = {
          complete() {
            if (gate.isShut) return;
            queue.complete();
            if (!waiting.includes(null)) waiting.push(null);
          },
          open: () => queue.open(() => undefined),
          take() {
            if (inFlight.length > 0) return;
            const entry = queue.take();
            if (entry === undefined || entry === END_OF_FILE) {
              expect(waiting.shift()).toBe(entry === END_OF_FILE ? null : undefined);
              return;
            }
            inFlight = textOf(entry).split('\n').slice(0, -1);
            expect(waiting.splice(0, inFlight.length)).toEqual(inFlight);
          },
          taken() {
            queue.taken();
            written.push(...inFlight);
            inFlight = [];
          },
          close() {
            queue.close(closed);
            const end = waiting.indexOf(null);
            const gone = waiting.splice(0, end === -1 ? waiting.length : end + 1);
            lost.push(...inFlight, ...gone.filter((value) => value !== null));
            inFlight = [];
          },
          refuse() {
            act.close();
            queue.refuse(notRunning);
            lost.push(...pending());
            waiting = [];
            gate.isShut = true;
          },
          accept() {
            queue.accept();
            gate.isShut = false;
          },
        };
        for (const step of all) {
          if (typeof step === 'number') {
            const value = `${String(pushed++)}${step === 0 ? '\n' : 'é'.repeat(step)}`;
            queue.push(value);
            const fits = bytesOf([...pending(), value]) <= maxPendingBytes;
            (gate.isShut || step === 0 || !fits ? lost : waiting).push(value);
          } else {
            act[step]();
          }
          expect(rejected.map(({ value }) => value)).toEqual(lost);
          expect(queue.isFull).toBe(bytesOf(pending()) >= BATCH_BYTES);
        }
        act.refuse();
        expect(rejected.map(({ value }) => value)).toEqual(lost);
        expect(new Set([...written, ...lost]).size).toBe(pushed);
        expect(written.length + lost.length).toBe(pushed);
        expect(queue.take()).toBeUndefined();
        expect(queue.isFull).toBe(false);
      }),
      { numRuns: cases(2_000) },
    );
  });
});
