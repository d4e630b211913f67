import { filter, map, take } from 'rxjs';
import {
  ask,
  createPool,
  createWorker,
  jsonLines,
  restartOnExit,
  type HealthOptions,
  type WorkerOptions,
} from 'simple-ipc';
import { fakePool } from '../support/fakePool.js';
import { fakeWorker, observe } from '../support/fakeWorker.js';
import {
  cleanUp,
  eventually,
  fixture,
  isAlive,
  record,
  takeWarnings,
  until,
  use,
  watchWarnings,
} from '../support/programs.js';

const reply = take<string>(1);
const key = (line: string) => /^\d+/.exec(line)?.[0];
const times = { everyMs: 1_000, timeoutMs: 100, failures: 3 };
const inTurn: HealthOptions<string, string> = { request: 'ping', reply, ...times };
const byKey: HealthOptions<string, string> = { request: '0 ping', key, ...times };

/** The exit that the policy counted. */
const unhealthy = expect.objectContaining({
  state: 'backoff',
  exit: expect.objectContaining({ generation: 1, reason: 'unhealthy' }),
});

describe('health', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  it.each([
    ['in turn', inTurn, ['ping']],
    ['by key', byKey, ['0 ping', '0 ping', '0 ping']],
  ])(
    'ends a run that leaves its probes unanswered, as a failure: %s',
    async (_, health, probes) => {
      const { worker, system, recorded, received } = await fakeWorker({ health });
      await system.pass(1_299);
      expect(worker.status$.value).toMatchObject({ state: 'running', generation: 1 });
      expect(received).toEqual([probes]);
      await system.pass(11);
      expect(recorded.statuses).toContainEqual(unhealthy);
      expect(worker.status$.value).toMatchObject({ state: 'running', generation: 2 });
    },
  );

  it.each([
    ['in turn', inTurn, 'pong\n'],
    ['by key', byKey, '0 pong\n'],
  ])('lets a run alone that answers, however often: %s', async (_, health, pong) => {
    const { worker, system, program } = await fakeWorker({ health });
    for (let probes = 1; probes <= 10; probes++) {
      await system.pass(1_050);
      expect(program.received).toHaveLength(probes);
      program.print(pong);
    }
    expect(worker.status$.value).toMatchObject({ state: 'running', generation: 1 });
  });

  it.each([
    ['in turn', inTurn, 'pong\n'],
    ['by key', byKey, '0 pong\n'],
  ])('counts only failures in a row: %s', async (_, health, pong) => {
    const { worker, system, program } = await fakeWorker({ health });
    for (let i = 0; i < 5; i++) {
      await system.pass(1_250);
      program.print(pong);
    }
    expect(worker.status$.value).toMatchObject({ state: 'running', generation: 1 });
  });

  it('takes a late answer by key for the next probe, and loses step with nobody', async () => {
    const { worker, system, program } = await fakeWorker({ health: byKey });
    await system.pass(1_150);
    expect(program.received).toEqual(['0 ping', '0 ping']);
    const observed = observe(ask(worker, '1 q', { key }));
    await system.pass(0);
    program.print('0 first\n0 second\n1 A\n');
    expect(observed).toMatchObject({ values: ['1 A'], end: 'complete' });
    await system.pass(1_900);
    expect(worker.status$.value).toMatchObject({ state: 'running', generation: 1 });
  });

  it('waits for its turn, which counts for nothing', async () => {
    const { worker, system, program } = await fakeWorker({ health: inTurn });
    const observed = observe(ask(worker, 'think', { reply }));
    await system.pass(60_000);
    expect(program.received).toEqual(['think']);
    program.print('thought\n');
    await system.pass(50);
    expect(observed.values).toEqual(['thought']);
    expect(program.received).toEqual(['think', 'ping']);
    expect(worker.status$.value).toMatchObject({ state: 'running', generation: 1 });
  });

  it('keeps its turn until it is answered: no request gets its answer', async () => {
    const { worker, system, program } = await fakeWorker({ health: inTurn });
    await system.pass(1_250);
    const observed = observe(ask(worker, 'q', { reply }));
    await system.pass(0);
    expect(program.received).toEqual(['ping']);
    program.print('pong\n');
    await system.pass(0);
    expect(program.received).toEqual(['ping', 'q']);
    program.print('A\n');
    expect(observed).toMatchObject({ values: ['A'], end: 'complete' });
  });

  it('has what waits behind it asked of the next run', async () => {
    const fake = await fakeWorker({ health: inTurn });
    const { worker, system, program } = fake;
    await system.pass(1_250);
    const observed = observe(ask(worker, 'q', { reply }));
    await system.pass(100);
    expect(program.received).toEqual(['ping']);
    await system.pass(10);
    expect(fake.received).toEqual([['ping'], ['q']]);
    system.newest!.print('A\n');
    expect(observed).toMatchObject({ values: ['A'], end: 'complete' });
  });

  it('does not probe what has just answered another request', async () => {
    const { worker, system, program } = await fakeWorker({ health: inTurn });
    for (let i = 0; i < 20; i++) {
      observe(ask(worker, 'q', { reply }));
      await system.pass(0);
      program.print('A\n');
      await system.pass(900);
    }
    expect(program.received).not.toContain('ping');
    await system.pass(2_000);
    expect(program.received).toContain('ping');
  });

  it('probes what writes without being asked, and does not mind that', async () => {
    const pong = filter((line: string) => line === 'pong');
    const { worker, system, program } = await fakeWorker({
      health: { ...inTurn, reply: (output$) => output$.pipe(pong, take(1)) },
    });
    await system.pass(1_000);
    program.print('log\npong\n');
    await system.pass(10);
    program.print('log\n');
    expect(takeWarnings()).toEqual([]);
    for (let i = 0; i < 12; i++) {
      await system.pass(100);
      program.print('log\n');
    }
    await system.pass(110);
    expect(worker.status$.value).toMatchObject({ generation: 2 });
  });

  it('ends a run at once whose answer is an error', async () => {
    const { system, recorded, program } = await fakeWorker({
      health: {
        ...inTurn,
        reply: (output$) =>
          output$.pipe(
            take(1),
            map((line) => {
              if (line !== 'pong') throw new Error(`it is ${line}`);
            }),
          ),
      },
      restart: { maxRestarts: 0 },
    });
    await system.pass(1_000);
    program.print('degraded\n');
    await system.pass(0);
    expect(recorded.statuses.at(-1)).toMatchObject({
      state: 'failed',
      error: {
        cause: { name: 'UnhealthyError', message: expect.stringContaining('it is degraded') },
      },
    });
    takeWarnings();
  });

  it('is not for a run that is starting, being stopped or at rest', async () => {
    const { worker, system, scheduler, received } = await fakeWorker({
      health: inTurn,
      temper: 'deaf',
      ready: (output$) => output$.pipe(filter((line) => line === 'ready')),
    });
    await system.pass(50_000);
    system.newest!.print('ready\n');
    await system.pass(999);
    const stop = worker.stop();
    await system.pass(900);
    expect(received).toEqual([[]]);
    expect(worker.status$.value).toMatchObject({ state: 'stopping' });
    await Promise.all([stop, system.pass(5_000)]);
    expect(scheduler.actions).toEqual([]);
    await system.pass(10_000);
    expect(received).toEqual([[]]);
  });

  it('leaves no timer behind when the run ends beside a probe, and begins anew with the next', async () => {
    const fake = await fakeWorker({ health: inTurn });
    const { worker, system, scheduler, program } = fake;
    await system.pass(1_050);
    program.exit(0);
    await system.pass(10);
    expect(fake.received).toEqual([['ping'], []]);
    await system.pass(1_000);
    expect(fake.received).toEqual([['ping'], ['ping']]);
    await Promise.all([worker.stop(), system.pass(5_000)]);
    expect(scheduler.actions).toEqual([]);
  });

  it('says what to do if the program never answered anything', async () => {
    const { system, recorded } = await fakeWorker({ health: inTurn, restart: { maxRestarts: 0 } });
    await system.pass(1_400);
    expect(recorded.statuses.at(-1)).toMatchObject({
      state: 'failed',
      error: {
        cause: {
          name: 'UnhealthyError',
          message: expect.stringMatching(/failures \(3\) times timeoutMs \(100\); .*`ready`/),
        },
      },
    });
    takeWarnings();
  });

  it('ends a run that cannot be asked, and says why', async () => {
    const { system, recorded } = await fakeWorker({
      health: { ...byKey, key: () => undefined },
      restart: { maxRestarts: 0 },
    });
    await system.pass(10_000);
    expect(recorded.statuses.at(-1)).toMatchObject({
      state: 'failed',
      error: { cause: { message: expect.stringContaining('must have a key') } },
    });
    takeWarnings();
  });

  it('watches the workers of a pool, each for itself', async () => {
    const { pool, system } = await fakePool({ size: 2, health: inTurn });
    await system.pass(1_000);
    system.programs[0]!.print('pong\n');
    await system.pass(310);
    const generations = pool.workers.map(({ status$ }) => status$.value);
    expect(generations).toMatchObject([{ generation: 1 }, { generation: 2 }]);
  });

  it.each<[string, string]>([
    ['a program that is stopped', 'stop'],
    ['a program that is busy for ever', 'spin'],
  ])('ends and replaces %s', async (_, deed) => {
    interface Message {
      readonly id: number;
      readonly deed?: string;
    }
    const id = (message: Message) => message.id;
    const worker = use(
      createWorker(fixture('freeze.mjs'), {
        codec: jsonLines<Message, Message>(),
        supervise: restartOnExit({ delayMs: 1 }),
        health: { request: { id: 0 }, key: id, everyMs: 200, timeoutMs: 1_000, failures: 2 },
        stop: { endInputMs: 10, terminateMs: 10 },
      }),
    );
    const { statuses } = record(worker);
    const { pid } = await until(worker, 'running');
    const before = observe(ask(worker, { id: 1 }, { key: id }));
    await eventually(() => before.end === 'complete');
    worker.send.next({ id: 2, deed });
    await until(worker, 'backoff');
    expect(statuses).toContainEqual(unhealthy);
    expect(isAlive(pid)).toBe(false);
    const after = observe(ask(worker, { id: 3 }, { key: id }));
    await eventually(() => after.end !== 'open');
    expect(after).toMatchObject({ values: [{ id: 3 }], end: 'complete' });
  });

  it.each<[string, unknown, unknown, RegExp]>([
    ['no request', { reply }, TypeError, /createWorker: health\.request must be given/],
    ['no reply', { request: 'q' }, TypeError, /health must have reply or key, one of them/],
    ['both', { request: 'q', reply, key }, TypeError, /health must have reply or key/],
    ['a wrong time', { ...inTurn, timeoutMs: 0 }, RangeError, /health\.timeoutMs/],
    ['an unknown name', { ...inTurn, timeout: 1 }, TypeError, /health\.timeout; did you mean/],
    ['text', 'ping', TypeError, /health must be an object/],
  ])('refuses %s', (_, health, type, message) => {
    const options = { health } as WorkerOptions;
    expect(() => createWorker('cat', options)).toThrow(type as typeof TypeError);
    expect(() => createWorker('cat', options)).toThrow(message);
    expect(() => createPool('cat', { size: 1, ...options })).toThrow(type as typeof TypeError);
  });
});
