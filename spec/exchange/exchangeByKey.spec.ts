import { setImmediate as turn } from 'node:timers/promises';
import {
  concat,
  from,
  generate,
  lastValueFrom,
  map,
  NEVER,
  range,
  Subject,
  take,
  throwError,
  toArray,
} from 'rxjs';
import { createWorker, exchange, jsonLines, type WorkerOptions } from 'simple-ipc';
import { fakeWorker, observe } from '../support/fakeWorker.js';
import type { Temper } from '../support/LifeModel.js';
import {
  cleanUp,
  collectUnhandled,
  node,
  record,
  use,
  watchWarnings,
} from '../support/programs.js';

interface Message {
  readonly id?: number;
  readonly text?: string;
}
const key = ({ id }: Message) => id;
const request = (id: number): Message => ({ id });
const json = (...messages: unknown[]) =>
  messages.map((message) => `${JSON.stringify(message)}\n`).join('');

/** Messages with an id, and a program in memory. */
async function fakeServer(
  options: WorkerOptions<Message, Message> & { readonly temper?: Temper } = {},
) {
  const fake = await fakeWorker<Message, Message>({ codec: jsonLines(), ...options });
  return {
    ...fake,
    /** Which ids every program was asked, one list a run. */
    asked: () =>
      fake.received.map((lines) => lines.map((line) => (JSON.parse(line) as Message).id)),
  };
}

describe('exchange by key', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  it('asks at once, and emits the replies as they come', async () => {
    const { worker, system, program, asked } = await fakeServer();
    const observed = observe(from([1, 2, 3]).pipe(map(request), exchange(worker, { key })));
    await system.pass(0);
    expect(asked()).toEqual([[1, 2, 3]]);
    program.print(json({ id: 3, text: 'C' }, { id: 1, text: 'A' }));
    expect(observed.values).toEqual([
      { id: 3, text: 'C' },
      { id: 1, text: 'A' },
    ]);
    expect(observed.end).toBe('open');
    program.print(json({ id: 2 }));
    expect(observed.end).toBe('complete');
  });

  it('passes over what is no reply', async () => {
    const { worker, system, program } = await fakeServer();
    const observed = observe(from([1]).pipe(map(request), exchange(worker, { key })));
    await system.pass(0);
    program.print(json({ text: 'event' }, { id: 2 }, { id: undefined }, { id: 1 }, { id: 1 }));
    expect(observed).toMatchObject({ values: [{ id: 1 }], end: 'complete' });
  });

  it('takes nothing that the worker replays for a reply', async () => {
    const { worker, system, program } = await fakeServer({ replay: 10 });
    program.print(json({ id: 1, text: 'old' }));
    const observed = observe(from([1]).pipe(map(request), exchange(worker, { key })));
    await system.pass(0);
    expect(observed.values).toEqual([]);
    program.print(json({ id: 1, text: 'new' }));
    expect(observed.values).toEqual([{ id: 1, text: 'new' }]);
  });

  it('takes nothing for a reply that comes before the request is sent', async () => {
    const { worker, system, program, asked } = await fakeServer({ temper: 'deaf' });
    void worker.restart();
    const observed = observe(from([1]).pipe(map(request), exchange(worker, { key })));
    program.print(json({ id: 1, text: 'old' }));
    await system.pass(1_000);
    expect(asked()).toEqual([[], [1]]);
    expect(observed.values).toEqual([]);
    system.newest!.print(json({ id: 1, text: 'new' }));
    expect(observed.values).toEqual([{ id: 1, text: 'new' }]);
  });

  it('looks at no message while nothing is asked', async () => {
    const { worker, system, program } = await fakeServer();
    const watched = jest.fn(key);
    const observed = observe(from([1]).pipe(map(request), exchange(worker, { key: watched })));
    await system.pass(0);
    program.print(json({ id: 1 }));
    expect(observed.end).toBe('complete');
    const { length } = watched.mock.calls;
    program.print(json({ id: 2 }, { id: 3 }));
    expect(watched.mock.calls).toHaveLength(length);
  });

  it('has no more than concurrency requests under way', async () => {
    const { worker, system, program, asked } = await fakeServer();
    const requests$ = from([1, 2, 3, 4]).pipe(map(request));
    const observed = observe(requests$.pipe(exchange(worker, { key, concurrency: 2 })));
    await system.pass(0);
    expect(asked()).toEqual([[1, 2]]);
    program.print(json({ id: 2 }));
    await system.pass(0);
    expect(asked()).toEqual([[1, 2, 3]]);
    program.print(json({ id: 1 }, { id: 3 }));
    await system.pass(0);
    program.print(json({ id: 4 }));
    expect(observed.values.map(key)).toEqual([2, 1, 3, 4]);
    expect(observed.end).toBe('complete');
  });

  it('asks 20,000 at a time, of a real program that replies in any order', async () => {
    const program = node(`
      const lines = require('node:readline').createInterface({ input: process.stdin });
      let held = [];
      lines.on('line', (line) => {
        held.push(line);
        if (held.length === 100) console.log(held.splice(0).reverse().join('\\n'));
      });
    `);
    const worker = use(createWorker(program, { codec: jsonLines<Message, Message>() }));
    record(worker);
    const replies$ = range(0, 20_000).pipe(map(request), exchange(worker, { key }), toArray());
    const ids = (await lastValueFrom(replies$)).map(({ id }) => id!);
    expect(ids.slice(0, 2)).toEqual([99, 98]);
    expect(ids.sort((a, b) => a - b)).toEqual(Array.from({ length: 20_000 }, (_, id) => id));
  });

  it('asks in order, requests that follow a reply last', async () => {
    const { worker, system, asked } = await fakeServer();
    const requests$ = new Subject<number>();
    requests$
      .pipe(map(request), exchange(worker, { key, concurrency: 1 }))
      .subscribe(({ id = 0 }) => {
        if (id < 3) requests$.next(id + 10);
      });
    for (const id of [1, 2, 3]) requests$.next(id);
    for (const id of [1, 2, 3, 11, 12]) {
      await system.pass(0);
      system.newest!.print(json({ id }));
    }
    expect(asked()).toEqual([[1, 2, 3, 11, 12]]);
  });

  it('gives each of two exchanges its own replies', async () => {
    const { worker, system, program } = await fakeServer();
    const one = observe(from([1, 2]).pipe(map(request), exchange(worker, { key })));
    const two = observe(from([3, 4]).pipe(map(request), exchange(worker, { key })));
    await system.pass(0);
    program.print(json({ id: 4 }, { id: 2 }, { id: 1 }, { id: 3 }));
    expect(one).toMatchObject({ values: [{ id: 2 }, { id: 1 }], end: 'complete' });
    expect(two).toMatchObject({ values: [{ id: 4 }, { id: 3 }], end: 'complete' });
  });

  describe('a key', () => {
    it('that is under way already is an error, and disturbs nobody', async () => {
      const { worker, system, program, asked } = await fakeServer();
      const one = observe(from([1]).pipe(map(request), exchange(worker, { key })));
      const two = observe(from([2, 1, 3]).pipe(map(request), exchange(worker, { key })));
      await system.pass(0);
      expect(two.end).toMatchObject({ name: 'TypeError', message: expect.stringContaining('1') });
      // Nothing is asked for a stream that has ended.
      expect(asked()).toEqual([[1, 2]]);
      program.print(json({ id: 1 }));
      expect(one).toMatchObject({ values: [{ id: 1 }], end: 'complete' });
    });

    it('can be used again when its reply has come', async () => {
      const { worker, system, program } = await fakeServer();
      for (const text of ['a', 'b']) {
        const observed = observe(from([1]).pipe(map(request), exchange(worker, { key })));
        await system.pass(0);
        program.print(json({ id: 1, text }));
        expect(observed.values).toEqual([{ id: 1, text }]);
      }
    });

    it.each<[string, Message, RegExp]>([
      ['lacks', {}, /must have a key/],
      ['cannot be found', null as unknown as Message, /null/],
    ])('that a request %s is an error, and it is not sent', async (_, wrong, message) => {
      const { worker, system, program } = await fakeServer();
      const observed = observe(from([wrong]).pipe(exchange(worker, { key })));
      await system.pass(0);
      expect(observed.end).toMatchObject({
        name: 'TypeError',
        message: expect.stringMatching(message),
      });
      expect(program.received).toEqual([]);
    });

    it('that cannot be found in a reply fails what is under way, not the host', async () => {
      const unhandled = collectUnhandled();
      const { worker, system, program } = await fakeServer();
      const observed = observe(from([1, 2]).pipe(map(request), exchange(worker, { key })));
      await system.pass(0);
      program.print('null\n');
      expect(observed.end).toBeInstanceOf(TypeError);
      await turn();
      await turn();
      expect(unhandled).toEqual([]);
      const after = observe(from([1]).pipe(map(request), exchange(worker, { key })));
      await system.pass(0);
      program.print(json({ id: 1 }));
      expect(after.end).toBe('complete');
    });

    it('may be anything that a Map can hold', async () => {
      const { worker, system, program } = await fakeWorker();
      const options = { key: (line: string) => Number(line) };
      const observed = observe(from(['not a number', '0']).pipe(exchange(worker, options)));
      await system.pass(0);
      program.print('-0\nNaN\n');
      expect(observed).toMatchObject({ values: ['-0', 'NaN'], end: 'complete' });
    });
  });

  describe('that is left', () => {
    it('lets the late reply go, and the run go on', async () => {
      const { worker, system, program, recorded } = await fakeServer();
      const one = observe(from([1, 2]).pipe(map(request), exchange(worker, { key })));
      await system.pass(0);
      one.leave();
      const two = observe(from([3]).pipe(map(request), exchange(worker, { key })));
      await system.pass(0);
      program.print(json({ id: 1 }, { id: 2 }, { id: 3 }));
      expect(one.values).toEqual([]);
      expect(two).toMatchObject({ values: [{ id: 3 }], end: 'complete' });
      expect(recorded.states).toEqual(['starting', 'running']);
    });

    it('keeps the ids that have no reply, until it comes', async () => {
      const { worker, system, program } = await fakeServer();
      const replies$ = from([1, 2, 3]).pipe(map(request), exchange(worker, { key }));
      const observed = observe(replies$);
      await system.pass(0);
      program.print(json({ id: 1 }));
      expect(observed).toMatchObject({ values: [{ id: 1 }], end: 'open' });
      observed.leave();
      const again = observe(from([1, 3]).pipe(map(request), exchange(worker, { key })));
      await system.pass(0);
      expect(again.end).toMatchObject({
        name: 'TypeError',
        message: expect.stringMatching(/the key 3 was abandoned, .* use another key/),
      });
      program.print(json({ id: 1 }));
      program.print(json({ id: 3, text: 'late' }));
      const last = observe(from([3]).pipe(map(request), exchange(worker, { key })));
      await system.pass(0);
      program.print(json({ id: 3 }));
      expect(last).toMatchObject({ values: [{ id: 3 }], end: 'complete' });
    });

    it('asks nothing more', async () => {
      const { worker, system, program, asked } = await fakeServer();
      const requests$ = new Subject<number>();
      const replies$ = requests$.pipe(map(request), exchange(worker, { key, concurrency: 1 }));
      const observed = observe(replies$.pipe(take(1)));
      for (const id of [1, 2, 3]) requests$.next(id);
      await system.pass(0);
      program.print(json({ id: 1 }));
      await system.pass(0);
      expect(observed).toMatchObject({ values: [{ id: 1 }], end: 'complete' });
      expect(asked()).toEqual([[1]]);
      expect(requests$.observed).toBe(false);
    });

    it('before the worker runs is never asked', async () => {
      const { worker, system, program, asked } = await fakeServer();
      program.exit(1);
      const one = observe(from([1]).pipe(map(request), exchange(worker, { key })));
      const two = observe(from([2]).pipe(map(request), exchange(worker, { key })));
      one.leave();
      await system.pass(10);
      expect(asked()).toEqual([[], [2]]);
      system.newest!.print(json({ id: 1 }, { id: 2 }));
      expect(one.values).toEqual([]);
      expect(two).toMatchObject({ values: [{ id: 2 }], end: 'complete' });
    });

    it('by an error ends an endless source that emits all at once', async () => {
      const { worker, system, asked } = await fakeServer();
      const endless$ = generate({ initialState: 1, iterate: (id) => (id === 3 ? 1 : id + 1) });
      const observed = observe(endless$.pipe(map(request), exchange(worker, { key })));
      await system.pass(0);
      expect(observed.end).toBeInstanceOf(TypeError);
      expect(asked()).toEqual([[1, 2, 3]]);
    });

    it('by an error of its source waits for no reply', async () => {
      const { worker, system } = await fakeServer();
      const source$ = concat(
        from([1]).pipe(map(request)),
        throwError(() => new Error('source')),
      );
      const observed = observe(source$.pipe(exchange(worker, { key, timeoutMs: 50 })));
      await system.pass(100);
      expect(observed).toMatchObject({ values: [], end: { message: 'source' } });
    });

    it('by abort waits for no reply', async () => {
      const { worker, system, program, scheduler } = await fakeServer();
      const controller = new AbortController();
      const options = { key, timeoutMs: 50, signal: controller.signal };
      const observed = observe(from([1]).pipe(map(request), exchange(worker, options)));
      await system.pass(0);
      controller.abort(new Error('enough'));
      program.print(json({ id: 1 }));
      expect(observed).toMatchObject({ values: [], end: { message: 'enough' } });
      await system.pass(0);
      expect(scheduler.actions).toEqual([]);
    });
  });

  describe('timeoutMs', () => {
    it('fails the stream, and lets the run go on', async () => {
      const { worker, system, program, recorded } = await fakeServer();
      const observed = observe(
        from([1]).pipe(map(request), exchange(worker, { key, timeoutMs: 50 })),
      );
      await system.pass(49);
      expect(observed.end).toBe('open');
      await system.pass(1);
      expect(observed.end).toMatchObject({ name: 'ReplyTimeoutError' });
      program.print(json({ id: 1 }));
      expect(observed.values).toEqual([]);
      expect(recorded.states).toEqual(['starting', 'running']);
    });

    it('counts from the asking, not from the waiting for a run', async () => {
      const { worker, system, program, asked } = await fakeServer();
      program.exit(1);
      await system.pass(0);
      const observed = observe(
        from([1]).pipe(map(request), exchange(worker, { key, timeoutMs: 5 })),
      );
      await system.pass(10);
      expect(asked()).toEqual([[], [1]]);
      system.newest!.print(json({ id: 1 }));
      expect(observed.end).toBe('complete');
      await system.pass(100);
    });
  });

  describe('when a run ends', () => {
    it('fails what is under way with ExitError', async () => {
      const { worker, system, program } = await fakeServer();
      const observed = observe(from([1, 2]).pipe(map(request), exchange(worker, { key })));
      await system.pass(0);
      program.exit(3);
      expect(observed.end).toMatchObject({ name: 'ExitError', exit: { code: 3 } });
    });

    it('asks again what is idempotent and has no reply, and nothing else', async () => {
      const { worker, system, program, asked } = await fakeServer();
      const requests$ = from([1, 2, 3]).pipe(map(request));
      const observed = observe(requests$.pipe(exchange(worker, { key, idempotent: true })));
      await system.pass(0);
      program.print(json({ id: 2 }));
      program.exit(1);
      await system.pass(10);
      expect(asked()).toEqual([
        [1, 2, 3],
        [1, 3],
      ]);
      system.newest!.print(json({ id: 3 }, { id: 1 }));
      expect(observed.values.map(key)).toEqual([2, 3, 1]);
      expect(observed.end).toBe('complete');
    });

    it('asks maxAttempts times at most', async () => {
      const { worker, system, asked } = await fakeServer();
      const options = { key, idempotent: true, maxAttempts: 2 };
      const observed = observe(from([1]).pipe(map(request), exchange(worker, options)));
      await system.pass(0);
      for (const code of [1, 2, 3]) {
        system.newest!.exit(code);
        await system.pass(10);
      }
      expect(asked()).toEqual([[1], [1], [], []]);
      expect(observed.end).toMatchObject({ name: 'ExitError', exit: { code: 2 } });
    });

    it('asks once of the run that comes, however many fail to start before', async () => {
      let starts = 0;
      const fake = await fakeServer({ ready: () => (++starts % 4 === 1 ? ['yes'] : NEVER) });
      const { worker, system, program, asked } = fake;
      const options = { key, idempotent: true, maxAttempts: 2 };
      const observed = observe(from([1]).pipe(map(request), exchange(worker, options)));
      await system.pass(0);
      program.exit(1);
      for (let i = 0; i < 3; i++) {
        await system.pass(10);
        system.newest!.exit(1);
      }
      await system.pass(10);
      expect(asked()).toEqual([[1], [], [], [], [1]]);
      system.newest!.print(json({ id: 1 }));
      expect(observed).toMatchObject({ values: [{ id: 1 }], end: 'complete' });
    });

    it('waits with what was not asked yet', async () => {
      const { worker, system, program, asked } = await fakeServer();
      program.exit(1);
      const observed = observe(from([1]).pipe(map(request), exchange(worker, { key })));
      await system.pass(10);
      expect(asked()).toEqual([[], [1]]);
      system.newest!.exit(1);
      expect(observed.end).toMatchObject({ name: 'ExitError', exit: { generation: 2 } });
    });

    it('fails with ExitError when the worker is stopped', async () => {
      const { worker, system } = await fakeServer();
      const options = { key, idempotent: true };
      const observed = observe(from([1]).pipe(map(request), exchange(worker, options)));
      await system.pass(0);
      await Promise.all([worker.stop(), system.pass(10)]);
      expect(observed.end).toMatchObject({ name: 'ExitError', exit: { reason: 'stopped' } });
    });
  });
});
