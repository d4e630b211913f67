import { firstValueFrom, lastValueFrom, Observable, take, throwError, toArray } from 'rxjs';
import {
  createPool,
  ExitError,
  InputOverflowError,
  NotRunningError,
  ReplyTimeoutError,
  RequestLostError,
  SimpleIpcError,
} from 'simple-ipc';
import { describeWithNats } from '../support/natsServer.js';
import { askRemote as ask, eventually, natsRig } from '../support/natsRig.js';
import { cleanUp, use } from '../support/programs.js';

/** All values of a reply, then its error's name or `complete`. */
function read(reply$: Observable<string>) {
  const seen: unknown[] = [];
  const subscription = reply$.subscribe({
    next: (value) => seen.push(value),
    error: (error: unknown) => seen.push(error instanceof Error ? error.name : error),
    complete: () => seen.push('complete'),
  });
  return { seen, subscription };
}

const all = (reply$: Observable<string>) => lastValueFrom(reply$.pipe(toArray()));

describeWithNats('serveExchange and natsPool', () => {
  afterEach(cleanUp);

  describe('replies', () => {
    it('answers each request by its own reply, whole and in order', async () => {
      await using rig = await natsRig();
      await rig.serve();
      const remote = await rig.remote();
      const asked = Array.from({ length: 60 }, (_, i) => `${i % 2 ? 'many' : 'echo'} ${i}`);
      const replies = await Promise.all(asked.map((request) => all(ask(remote, request))));
      const expected = asked.map((request, i) => [
        ...(i % 2 ? [1, 2, 3, 4, 5].map((n) => `${request} ${n}`) : []),
        `${request} done`,
      ]);
      expect(replies).toEqual(expected);
      expect(rig.executed().sort()).toEqual(asked.sort());
    });

    it('streams a reply while its program is at it', async () => {
      await using rig = await natsRig();
      const { errors } = await rig.serve({ reply: take(3) });
      const remote = await rig.remote();
      const { seen, subscription } = read(ask(remote, 'many 1'));
      // The program does not write the third line of this one before the end.
      await eventually(() => seen.length === 4);
      expect(seen).toEqual(['many 1 1', 'many 1 2', 'many 1 3', 'complete']);
      subscription.unsubscribe();
      expect(errors).toEqual([]);
    });

    it('completes a reply that has no value', async () => {
      await using rig = await natsRig();
      await rig.serve({ reply: (output$) => output$.pipe(take(0)) });
      const remote = await rig.remote();
      expect(await all(ask(remote, 'echo'))).toEqual([]);
    });

    it('keeps a request that comes before the first node', async () => {
      await using rig = await natsRig();
      const remote = await rig.remote();
      const reply = all(ask(remote, 'echo early'));
      await eventually(() => remote.connection.stats().outMsgs > 0);
      await rig.serve();
      expect(await reply).toEqual(['echo early done']);
    });

    it('limits the time of a reply at its node, by the shorter of both limits', async () => {
      await using rig = await natsRig();
      await rig.serve({ size: 1, timeoutMs: 100 });
      const remote = await rig.remote();
      await expect(all(ask(remote, 'hold forever'))).rejects.toThrow(ReplyTimeoutError);
      await rig.serve({ size: 1, subject: 'test.slow' });
      const slow = await rig.remote({ subject: 'test.slow' });
      const limited$ = ask(slow, 'hold forever', { timeoutMs: 100, idempotent: true });
      await expect(all(limited$)).rejects.toThrow(ReplyTimeoutError);
      expect(rig.executed()).toEqual(['hold forever', 'hold forever']);
    });
  });

  describe('errors', () => {
    it('are the real classes, with nothing of the host in them', async () => {
      await using rig = await natsRig();
      const { errors } = await rig.serve();
      const remote = await rig.remote();
      const error: unknown = await all(ask(remote, 'die secretly')).catch(
        (reason: unknown) => reason,
      );
      if (!(error instanceof ExitError)) throw error;
      expect(error.message).toBe('"test.ask" exited with code 3');
      expect(error.command).toEqual(['test.ask']);
      const { command, generation, code, signal, reason, stderrTail } = error.exit;
      expect({ command, generation, code, signal, reason, stderrTail }).toEqual({
        command: ['test.ask'],
        generation: 1,
        code: 3,
        signal: null,
        reason: 'exit-code',
        stderrTail: '',
      });
      // The node knows all of it.
      expect(String(errors)).toContain('dying of die secretly');
    });

    it('hide the text of errors that are not of this library, but not from the node', async () => {
      await using rig = await natsRig();
      const reply = () => throwError(() => new Error('/etc/secret'));
      const { errors } = await rig.serve({ reply });
      const remote = await rig.remote();
      const error: unknown = await all(ask(remote, 'echo')).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(SimpleIpcError);
      expect(String(error)).toBe('SimpleIpcError: "test.ask" failed');
      expect(errors).toEqual([new Error('/etc/secret')]);
    });

    it('follow the values that were emitted before', async () => {
      await using rig = await natsRig();
      const reply = (output$: Observable<string>) =>
        new Observable<string>((subscriber) => {
          subscriber.next('one');
          subscriber.next('two');
          return output$.subscribe(() => subscriber.error(new Error('three')));
        });
      await rig.serve({ reply });
      const remote = await rig.remote();
      const { seen } = read(ask(remote, 'echo'));
      await eventually(() => seen.length === 3);
      expect(seen).toEqual(['one', 'two', 'SimpleIpcError']);
    });
  });

  describe('a request that kills its worker', () => {
    it('is executed once unless it is idempotent', async () => {
      await using rig = await natsRig();
      await rig.serve();
      const remote = await rig.remote();
      await expect(all(ask(remote, 'die once'))).rejects.toThrow(ExitError);
      expect(rig.executed()).toEqual(['die once']);
    });

    it('ends after maxAttempts if it is', async () => {
      await using rig = await natsRig();
      await rig.serve();
      const remote = await rig.remote();
      const asked = all(ask(remote, 'die again', { idempotent: true, maxAttempts: 4 }));
      await expect(asked).rejects.toThrow(ExitError);
      expect(rig.executed()).toEqual(Array<string>(4).fill('die again'));
    });
  });

  describe('a node', () => {
    it('takes no more requests than it has idle workers', async () => {
      await using rig = await natsRig();
      const { service } = await rig.serve({ size: 2 });
      const remote = await rig.remote();
      const replies = [1, 2, 3, 4, 5, 6].map((n) => all(ask(remote, `hold ${n}`)));
      await eventually(() => rig.executed().length === 2 && service.status$.value.underWay === 2);
      await eventually(() => service.status$.value.offered === 0);
      expect(await remote.status()).toMatchObject({ busy: 2, waiting: 4, pulling: 0 });
      const other = await rig.serve({ size: 4 });
      await eventually(() => other.service.status$.value.underWay === 4);
      expect(await remote.status()).toMatchObject({ busy: 6, waiting: 0 });
      for (const n of [1, 2, 3, 4, 5, 6]) rig.release(String(n));
      await Promise.all(replies);
    });

    it('withdraws the offer of a worker that is idle no more', async () => {
      await using rig = await natsRig();
      const broken = await rig.serve({ size: 2 });
      await eventually(() => broken.service.status$.value.offered === 2);
      await broken.pool.workers[0]?.stop();
      await eventually(() => broken.service.status$.value.offered === 1);
      await broken.pool.workers[1]?.stop();
      await eventually(() => broken.service.status$.value.offered === 0);
      const remote = await rig.remote();
      const reply = all(ask(remote, 'echo'));
      await eventually(() => rig.executed().length === 0);
      await rig.serve();
      expect(await reply).toEqual(['echo done']);
      expect(broken.service.status$.value).toMatchObject({ replied: 0, failed: 0 });
    });

    it('finishes what it has when it is stopped; what waits goes to others', async () => {
      await using rig = await natsRig();
      const first = await rig.serve({ size: 1 });
      const remote = await rig.remote();
      const replies = ['hold a', 'echo b', 'echo c'].map((request) => all(ask(remote, request)));
      await eventually(() => rig.executed().length === 1);
      let isStopped = false;
      const stopping = first.service.stop().then(() => (isStopped = true));
      const second = await rig.serve({ size: 1 });
      expect(await Promise.all(replies.slice(1))).toEqual([['echo b done'], ['echo c done']]);
      expect(isStopped).toBe(false);
      rig.release('a');
      expect(await replies[0]).toEqual(['hold a done']);
      await stopping;
      expect(first.service.status$.value).toMatchObject({
        state: 'stopped',
        replied: 1,
        underWay: 0,
      });
      expect(second.service.status$.value).toMatchObject({ replied: 2 });
    });
  });

  describe('unsubscribing', () => {
    it('takes a waiting request out of the queue', async () => {
      await using rig = await natsRig();
      const { service } = await rig.serve({ size: 1 });
      const remote = await rig.remote();
      const held = all(ask(remote, 'hold a'));
      await eventually(() => rig.executed().length === 1);
      const waiting = ask(remote, 'echo b').subscribe();
      await eventually(() => (remote.connection.stats().outMsgs > 2 ? true : false));
      await remote.connection.flush();
      expect(await remote.status()).toMatchObject({ waiting: 1 });
      waiting.unsubscribe();
      await remote.connection.flush();
      expect(await remote.status()).toMatchObject({ waiting: 0 });
      // Before the broker has confirmed it, too.
      ask(remote, 'echo c').subscribe().unsubscribe();
      rig.release('a');
      await held;
      await all(ask(remote, 'echo d'));
      expect(rig.executed()).toEqual(['hold a', 'echo d']);
      expect(service.status$.value).toMatchObject({ failed: 0 });
    });

    it.each([true, false])('frees the worker at it (idempotent: %s)', async (idempotent) => {
      await using rig = await natsRig();
      const { service } = await rig.serve({ size: 1 });
      const remote = await rig.remote();
      const { seen, subscription } = read(ask(remote, 'hold a', { idempotent }));
      await eventually(() => rig.executed().length === 1);
      subscription.unsubscribe();
      await eventually(() => service.status$.value.underWay === 0);
      expect(service.status$.value).toMatchObject({ abandoned: 1, replied: 0 });
      rig.release('a'); // Its turn ends with its reply, as beside the program.
      expect(await all(ask(remote, 'echo b'))).toEqual(['echo b done']);
      expect(seen).toEqual([]);
    });

    it('inside of the last value takes nothing back', async () => {
      await using rig = await natsRig();
      const { service } = await rig.serve();
      const remote = await rig.remote();
      expect(await firstValueFrom(ask(remote, 'echo a'))).toBe('echo a done');
      await eventually(() => service.status$.value.replied === 1);
      expect(service.status$.value).toMatchObject({ abandoned: 0, underWay: 0 });
    });
  });

  describe('what does not fit', () => {
    it('is an error at once if the request exceeds the max_payload of the broker', async () => {
      await using rig = await natsRig('max_payload: 10000');
      await rig.serve();
      const remote = await rig.remote();
      const request = `echo ${'x'.repeat(20_000)}`;
      await expect(all(ask(remote, request))).rejects.toThrow(
        new InputOverflowError(
          ['test.ask'],
          "was not sent a request of 20008 bytes: the broker's max_payload is 10000",
        ),
      );
      // Near the limit, the headers count.
      await expect(all(ask(remote, `echo ${'x'.repeat(9_990)}`))).rejects.toThrow(
        InputOverflowError,
      );
      expect(await all(ask(remote, 'echo a'))).toEqual(['echo a done']);
    });

    it('is an error to the asker if a value of the reply exceeds it', async () => {
      await using rig = await natsRig('max_payload: 10000');
      await rig.serve();
      const remote = await rig.remote();
      const { seen } = read(ask(remote, 'large 20000'));
      await eventually(() => seen.length === 1);
      expect(seen).toEqual(['InputOverflowError']);
      expect(await all(ask(remote, 'large 9000'))).toEqual(['x'.repeat(9_000), 'large 9000 done']);
    });

    it('is an error at once if the queue holds maxPendingBytes', async () => {
      await using rig = await natsRig();
      const remote = await rig.remote({ maxPendingBytes: 4_000 });
      const waiting = ask(remote, `echo ${'x'.repeat(3_000)}`).subscribe();
      await expect(all(ask(remote, `echo ${'x'.repeat(2_000)}`))).rejects.toThrow(
        InputOverflowError,
      );
      waiting.unsubscribe();
      await remote.connection.flush();
      await rig.serve();
      expect(await all(ask(remote, 'echo a'))).toEqual(['echo a done']);
    });
  });

  describe('the end of a pool', () => {
    it('finishes what it has and takes no more', async () => {
      await using rig = await natsRig();
      await rig.serve();
      const remote = await rig.remote();
      const held = all(ask(remote, 'hold a'));
      await eventually(() => rig.executed().length === 1);
      const stopping = remote.stop();
      await expect(all(ask(remote, 'echo b'))).rejects.toThrow(NotRunningError);
      rig.release('a');
      expect(await held).toEqual(['hold a done']);
      await stopping;
    });

    it('fails what was asked when its connection is closed', async () => {
      await using rig = await natsRig();
      await rig.serve({ size: 1 });
      const remote = await rig.remote();
      const held = all(ask(remote, 'hold a'));
      await eventually(() => rig.executed().length === 1);
      const waiting = all(ask(remote, 'echo b'));
      const failures = Promise.all([
        expect(held).rejects.toThrow(RequestLostError),
        expect(waiting).rejects.toThrow(NotRunningError),
      ]);
      await remote.connection.close();
      await failures;
      rig.release('a');
      await expect(all(ask(remote, 'echo c'))).rejects.toThrow(NotRunningError);
    });
  });

  it('serves each of several pools at one subject', async () => {
    await using rig = await natsRig();
    const pool = use(createPool<string, string>('cat', { size: 1 }));
    await rig.serve({ pool, reply: take(1) });
    await rig.serve({ pool: use(createPool<string, string>('cat', { size: 1 })), reply: take(1) });
    const remote = await rig.remote();
    expect(await all(ask(remote, 'x'))).toEqual(['x']);
  });
});
