/* eslint-disable rxjs-x/no-redundant-notify, rxjs-x/no-subject-unsubscribe -- it goes on after them */
import { from, of, Subject, throwError } from 'rxjs';
import { lines } from '../../src/index.js';
import { type RejectedInput } from '../../src/contract/ReactiveWorker.js';
import { InputSubject } from '../../src/worker/InputSubject.js';
import { END_OF_FILE, InputQueue } from '../../src/run/InputQueue.js';

describe('InputSubject', () => {
  /** A subject, and what a program would be sent now: a batch as text, `null` for end-of-file. */
  function create() {
    const rejected: RejectedInput<string>[] = [];
    const queue = new InputQueue<string>(['cat'], lines(), 1_000, {
      rejected: (lost) => rejected.push(lost),
    });
    const send = new InputSubject(queue);
    const take = () => {
      const entry = queue.take();
      queue.taken();
      return entry === END_OF_FILE ? null : entry?.toString();
    };
    return { queue, send, take, rejected };
  }

  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('is a Subject', () => {
    expect(create().send).toBeInstanceOf(Subject);
  });

  it('sends what it is given', () => {
    const { send, take } = create();
    send.next('a');
    send.next('b');
    expect(take()).toBe('a\nb\n');
    expect(take()).toBeUndefined();
  });

  it('emits the values that are sent to its subscribers', () => {
    const { send, take } = create();
    const recorded: string[] = [];
    send.next('a');
    const subscription = send.subscribe((value) => recorded.push(value));
    send.next('b');
    subscription.unsubscribe();
    send.next('c');
    expect(recorded).toEqual(['b']);
    expect(take()).toBe('a\nb\nc\n');
  });

  it('keeps the order of values, even if a subscriber sends one', () => {
    const { send, take } = create();
    send.subscribe((value) => {
      if (value === 'a') send.next('b');
    });
    send.next('a');
    expect(take()).toBe('a\nb\n');
  });

  it('closes the input after all that was sent before, at complete()', () => {
    const { send, take } = create();
    send.next('a');
    send.complete();
    expect([take(), take(), take()]).toEqual(['a\n', null, undefined]);
  });

  it('accepts values again after complete(), for the next run', () => {
    const { send, take } = create();
    const observer = { next: jest.fn(), complete: jest.fn() };
    send.subscribe(observer);
    send.complete();
    send.next('a');
    expect([take(), take()]).toEqual([null, 'a\n']);
    expect(observer.next.mock.calls).toEqual([['a']]);
    expect(observer.complete).not.toHaveBeenCalled();
    expect(send.closed).toBe(false);
  });

  it('closes the input at error(), with a warning that has the reason', () => {
    const emitWarning = jest.spyOn(process, 'emitWarning').mockReturnValue();
    const { send, take } = create();
    const observer = { error: jest.fn(), complete: jest.fn() };
    send.subscribe(observer);
    send.next('a');
    send.error(new Error('the source is broken'));
    send.next('b');
    expect([take(), take(), take()]).toEqual(['a\n', null, 'b\n']);
    expect(observer.error).not.toHaveBeenCalled();
    expect(emitWarning.mock.calls).toEqual([
      ['send.error() closes the input of the program: the source is broken', 'SimpleIpcWarning'],
    ]);
  });

  it('is an observer for any source', () => {
    const emitWarning = jest.spyOn(process, 'emitWarning').mockReturnValue();
    const { send, take } = create();
    from(['a', 'b']).subscribe(send);
    of('c').subscribe(send);
    expect([take(), take(), take()]).toEqual(['a\nb\n', null, 'c\n']);
    throwError(() => new Error('broken')).subscribe(send);
    expect(take()).toBe(null);
    expect(emitWarning).toHaveBeenCalledTimes(1);
  });

  it('throws a TypeError at unsubscribe(), and goes on', () => {
    const { send, take } = create();
    expect(() => send.unsubscribe()).toThrow(TypeError);
    expect(() => send.unsubscribe()).toThrow('send.unsubscribe() would end the input for everyone');
    send.next('a');
    expect(take()).toBe('a\n');
  });

  it('does not throw for what cannot be sent', () => {
    const { send, rejected } = create();
    send.next('a\nb');
    expect(rejected).toMatchObject([{ value: 'a\nb', error: { name: 'LineBreakError' } }]);
  });
});
