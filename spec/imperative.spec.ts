import { Worker, type WorkerOptions } from 'simple-ipc/imperative';
import {
  cleanUp,
  eventually,
  fixture,
  node,
  takeWarnings,
  use,
  watchWarnings,
} from './support/programs.js';

const onPosix = process.platform === 'win32' ? it.skip : it;

/** Writes back what it reads, as it is. */
const echo = node('process.stdin.pipe(process.stdout)');
const program = fixture('program.mjs');
const noProgram = ['simple-ipc-no-such-program', 'a b'];

describe('Worker', () => {
  /** The messages on the console. */
  const told: unknown[][] = [];
  const started = ['log', 'Started worker'];
  const stopped = ['log', 'Stopped worker [exit code: 0]'];
  const notRunning = ['error', 'Worker not running!'];
  const notOpened = [
    'error',
    'Error opening "simple-ipc-no-such-program "a b"": not found on the PATH (ENOENT)',
  ];

  beforeEach(() => {
    watchWarnings();
    told.length = 0;
    for (const method of ['log', 'error', 'warn', 'info'] as const) {
      jest.spyOn(console, method).mockImplementation((...words: unknown[]) => {
        told.push([method, ...words]);
      });
    }
  });
  afterEach(cleanUp);

  /** Creates a worker for this test, and keeps the lines that it gets. */
  function create(command: string | readonly string[], options?: WorkerOptions) {
    const received: string[] = [];
    const worker = use(new Worker(command, (line) => received.push(line), options));
    return { worker, received };
  }

  const ended = (worker: Worker) => eventually(() => !worker.running);

  describe('run', () => {
    it('happens when the worker is created', async () => {
      const { worker } = create(echo);
      expect(worker.running).toBe(true);
      expect(told).toEqual([started]);
      await worker.shutdown();
      expect(told).toEqual([started, stopped]);
    });

    it('waits to be called with `start: false`', async () => {
      const { worker, received } = create(echo, { start: false });
      expect(worker.running).toBe(false);
      expect(told).toEqual([]);
      worker.run();
      expect(worker.running).toBe(true);
      expect(told).toEqual([started]);
      worker.send('a');
      await eventually(() => received.length > 0);
      expect(received).toEqual(['a']);
    });

    it('is also called start', async () => {
      const { worker } = create(echo, { start: false });
      worker.start();
      expect(worker.running).toBe(true);
      await worker.stop();
      expect(told).toEqual([started, stopped]);
    });

    it('does nothing while the program runs', async () => {
      const { worker } = create(echo);
      worker.run();
      worker.start();
      await worker.shutdown();
      expect(told).toEqual([started, stopped]);
    });

    it('runs the program again after its end, as often as one likes', async () => {
      const { worker, received } = create(program);
      for (const number of [0, 21, 41]) {
        worker.run();
        worker.send(number);
        worker.send(42);
        await ended(worker);
      }
      expect(received).toEqual(['1', '22', '42']);
      expect(told).toEqual([started, stopped, started, stopped, started, stopped]);
    });

    it('runs the program again after a shutdown', async () => {
      const { worker, received } = create(echo);
      await worker.shutdown();
      worker.run();
      worker.send('a');
      await eventually(() => received.length > 0);
      expect(told).toEqual([started, stopped, started]);
    });
  });

  describe('send', () => {
    it('sends any value as its text, and a line break', async () => {
      const { worker, received } = create(echo);
      const values = ['a', '', 'é€😀', 21, -0.5, true, null, undefined, 2n ** 64n, [1, [2]], {}];
      for (const value of values) worker.send(value);
      worker.send({ toString: () => 'text of its own' });
      worker.send(Symbol('s'));
      worker.send('the last');
      await eventually(() => received.at(-1) === 'the last');
      expect(received).toEqual([
        ...values.map(String).filter((text) => text !== ''),
        'text of its own',
        'Symbol(s)',
        'the last',
      ]);
      expect(received).toContain('null');
      expect(received).toContain('undefined');
    });

    it('lets line breaks pass', async () => {
      const { worker, received } = create(program);
      worker.send('0\n21\r\n41');
      worker.send('83\n');
      worker.send(42);
      await ended(worker);
      expect(received).toEqual(['1', '22', '42', '42']);
    });

    it('keeps what is sent at once, until the program reads', async () => {
      const { worker, received } = create(program);
      for (let i = 0; i < 1_000; i++) worker.send(i === 999 ? 42 : i % 42);
      await ended(worker);
      expect(received).toEqual(Array.from({ length: 999 }, (_, i) => String((i % 42) + 1)));
    });

    it('prints a message when the worker is not running', async () => {
      const { worker, received } = create(echo, { start: false });
      worker.send('before');
      expect(told).toEqual([notRunning]);
      worker.run();
      await worker.shutdown();
      worker.send('after');
      expect(told).toEqual([notRunning, started, stopped, notRunning]);
      expect(received).toEqual([]);
    });

    it('does not lose a value without a word while the program is being stopped', async () => {
      const { worker, received } = create(echo);
      const stop = worker.shutdown();
      worker.send('late');
      await stop;
      expect(received).toEqual([]);
      expect(takeWarnings()).toEqual([expect.stringContaining('will not get an input')]);
    });
  });

  describe('callback', () => {
    it('gets each line trimmed, and none that is empty', async () => {
      const script = `process.stdout.write('  a b \\r\\n\\r\\n\\n \\t\\n\\tc\\nlast')`;
      const { worker, received } = create(node(script));
      await ended(worker);
      expect(received).toEqual(['a b', 'c', 'last']);
    });

    it('may be missing', async () => {
      const worker = use(new Worker(echo));
      worker.send('a');
      await eventually(() => worker.data === 'a');
      expect(told).toEqual([started]);
    });

    it('is reported when it throws, and stops nothing', async () => {
      const error = new Error('thrown by a callback');
      const received: string[] = [];
      const worker = use(
        new Worker(program, (line) => {
          received.push(line);
          if (line === '1') throw error;
        }),
      );
      worker.send(0);
      worker.send(21);
      await eventually(() => received.length === 2);
      expect(received).toEqual(['1', '22']);
      expect(worker.running).toBe(true);
      expect(worker.data).toBe('22');
      expect(told).toEqual([started, ['error', 'The callback threw:', error]]);
    });

    it('may use the worker', async () => {
      const received: string[] = [];
      const worker: Worker = use(
        new Worker(program, (line) => {
          received.push(`${line} ${String(worker.data)} ${String(worker.running)}`);
          worker.send(received.length < 3 ? line : 42);
        }),
      );
      worker.send(0);
      await ended(worker);
      expect(received).toEqual(['1 1 true', '2 2 true', '3 3 true']);
    });
  });

  describe('data', () => {
    it('is the newest line, null before the first and after the end', async () => {
      const { worker } = create(program);
      expect(worker.data).toBeNull();
      for (const [number, answer] of [
        [0, '1'],
        [21, '22'],
      ] as const) {
        worker.send(number);
        await eventually(() => worker.data === answer);
      }
      worker.send(42);
      expect(worker.data).toBe('22');
      await ended(worker);
      expect(worker.data).toBeNull();
    });

    it('is null after a shutdown', async () => {
      const { worker } = create(echo);
      worker.send('a');
      await eventually(() => worker.data === 'a');
      await worker.shutdown();
      expect(worker.data).toBeNull();
    });

    onPosix('is null after a shutdown that the program has survived', async () => {
      const { worker } = create(['sh', '-c', 'echo $$; exec sleep 1000']);
      await eventually(() => worker.data !== null);
      const pid = Number(worker.data);
      // Stands for an uninterruptible sleep, of which nobody waits for the end.
      const kill = jest.spyOn(process, 'kill').mockReturnValue(true);
      jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
      await Promise.all([worker.shutdown(), jest.advanceTimersByTimeAsync(20_000)]);
      jest.useRealTimers();
      kill.mockRestore();
      process.kill(pid, 'SIGKILL');
      expect([worker.running, worker.data]).toEqual([false, null]);
    });

    it('is not replaced by an empty line', async () => {
      const { worker, received } = create(echo);
      worker.send('a');
      worker.send(' ');
      await eventually(() => worker.data === 'a');
      await worker.shutdown();
      expect(received).toEqual(['a']);
    });

    it('does not change while other code is busy', async () => {
      const { worker, received } = create(program);
      worker.send(0);
      await eventually(() => received.length === 1);
      worker.send(21);
      const until = performance.now() + 50;
      while (performance.now() < until) expect(worker.data).toBe('1');
      await eventually(() => worker.data === '22');
    });
  });

  it('has properties that only it can change', () => {
    const { worker } = create(echo, { start: false });
    expect(() => {
      (worker as { running: boolean }).running = true;
    }).toThrow(TypeError);
    expect(() => {
      (worker as { data: unknown }).data = 'a';
    }).toThrow(TypeError);
  });

  describe('running', () => {
    it('is true from the creation on until the program has ended', async () => {
      const { worker } = create(program);
      expect(worker.running).toBe(true);
      worker.send(0);
      await eventually(() => worker.data === '1');
      expect(worker.running).toBe(true);
      worker.send(42);
      await ended(worker);
      expect(told).toEqual([started, stopped]);
    });

    it('is true until a shutdown is through', async () => {
      const { worker } = create(echo);
      const stop = worker.shutdown();
      expect(worker.running).toBe(true);
      await stop;
      expect(worker.running).toBe(false);
    });
  });

  describe('shutdown', () => {
    it('lets the program finish what it was sent', async () => {
      const { worker, received } = create(program);
      worker.send(0);
      await eventually(() => received.length === 1);
      for (let i = 0; i < 1_000; i++) worker.send(20);
      await worker.shutdown();
      expect(received).toEqual(['1', ...Array<string>(1_000).fill('21')]);
      expect(told).toEqual([started, stopped]);
    });

    it('lets the program finish what it was sent in the turn of its start', async () => {
      const { worker, received } = create(program);
      worker.send(0);
      worker.send(21);
      await worker.shutdown();
      expect(received).toEqual(['1', '22']);
      expect(told).toEqual([started, stopped]);
    });

    it('does nothing where nothing runs', async () => {
      const { worker } = create(echo, { start: false });
      await worker.shutdown();
      await worker.stop();
      expect(told).toEqual([]);
    });

    it('can be called twice', async () => {
      const { worker } = create(echo);
      await Promise.all([worker.shutdown(), worker.shutdown()]);
      expect(told).toEqual([started, stopped]);
    });

    onPosix('ends a program that ignores the end of its input, by a signal', async () => {
      const { worker, received } = create(
        node(`setInterval(() => 0, 1e6); console.log('ready'); process.stdin.resume()`),
      );
      await eventually(() => received.length === 1);
      await worker.shutdown();
      expect(worker.running).toBe(false);
      expect(told).toEqual([started, ['log', 'Stopped worker [signal: SIGTERM]']]);
    });
  });

  it('prints how a program ended', async () => {
    const { worker } = create(node('process.exit(3)'));
    await ended(worker);
    expect(told).toEqual([started, ['log', 'Stopped worker [exit code: 3]']]);
  });

  onPosix('speaks with a program that has no idea of it, given as a string', async () => {
    const { worker, received } = create('cat -u');
    worker.send('a');
    await eventually(() => received.length > 0);
    await worker.shutdown();
    expect(received).toEqual(['a']);
    expect(told).toEqual([started, stopped]);
  });

  describe('of a program that cannot be started', () => {
    it('prints a message, and is not running', async () => {
      const { worker } = create(noProgram);
      await ended(worker);
      expect(told).toEqual([notOpened]);
      expect(worker.data).toBeNull();
      worker.send('a');
      expect(told).toEqual([notOpened, notRunning]);
      await worker.shutdown();
    });

    it('tries again when it is run again', async () => {
      const { worker } = create(noProgram);
      await ended(worker);
      worker.run();
      await ended(worker);
      expect(told).toEqual([notOpened, notOpened]);
    });
  });

  it('prints nothing with `verbose: false`', async () => {
    const silent = { verbose: false };
    const { worker } = create(program, silent);
    worker.send(0);
    worker.send(42);
    await ended(worker);
    worker.send('a');

    await ended(create(noProgram, silent).worker);

    const callback = jest.fn(() => {
      throw new Error('thrown by a callback');
    });
    const thrower = use(new Worker(echo, callback, silent));
    thrower.send('a');
    await eventually(() => thrower.data === 'a');
    await thrower.shutdown();

    expect(callback).toHaveBeenCalledTimes(1);
    expect(told).toEqual([]);
  });

  describe('disposed', () => {
    it('is shut down when an `await using` block ends', async () => {
      let left: Worker;
      {
        await using worker = new Worker(echo);
        left = worker;
        expect(worker.running).toBe(true);
      }
      expect(left.running).toBe(false);
      expect(told).toEqual([started, stopped]);
    });

    it('is being shut down when a `using` block ends', async () => {
      let left: Worker;
      {
        using worker = new Worker(echo);
        left = worker;
      }
      expect(left.running).toBe(true);
      await ended(left);
      expect(told).toEqual([started, stopped]);
    });

    it('can be disposed again, and shut down', async () => {
      const { worker } = create(echo);
      worker[Symbol.dispose]();
      await Promise.all([worker[Symbol.asyncDispose](), worker.shutdown()]);
      worker[Symbol.dispose]();
      await worker.shutdown();
      expect(told).toEqual([started, stopped]);
    });

    it('does not run again, and prints a message', async () => {
      const { worker } = create(echo);
      await worker[Symbol.asyncDispose]();
      worker.run();
      expect(worker.running).toBe(false);
      expect(takeWarnings()).toEqual([expect.stringContaining('its worker is disposed')]);
      worker.send('a');
      expect(told).toEqual([started, stopped, notRunning]);
    });
  });

  describe('of wrong arguments', () => {
    const wrong: [message: string, args: any[]][] = [
      ['command must be a string or a list of strings, not undefined', [undefined]],
      ['command must be a string or a list of strings, not null', [null]],
      ['command must be a string or a list of strings, not number', [5]],
      ['command must be a string or a list of strings, not object', [{ file: 'cat' }]],
      ['command is empty: the first word must name a program', ['']],
      ['command is empty: the first word must name a program', [' ']],
      ['command is empty: the first word must name a program', [[]]],
      ['command[1] must be a string, not number', [['sleep', 5]]],
      ['command[0] contains a NUL character', [['cat\0']]],
      ['callback must be a function, not string', [echo, 'print']],
      ['callback must be a function, not null', [echo, null]],
      ['callback must be a function, not object', [echo, { verbose: false }]],
      ['Worker: options must be an object, not null', [echo, undefined, null]],
      ['Worker: options must be an object, not boolean', [echo, undefined, true]],
      ['Worker: start must be a boolean, not string', [echo, undefined, { start: 'no' }]],
      ['Worker: start must be a boolean, not null', [echo, undefined, { start: null }]],
      ['Worker: verbose must be a boolean, not number', [echo, undefined, { verbose: 1 }]],
      ['Worker: verbose must be a boolean, not null', [echo, undefined, { verbose: null }]],
    ];

    it.each(wrong)('throws a TypeError: %s', (message, args) => {
      let thrown: unknown;
      try {
        use(new (Worker as new (...args: any[]) => Worker)(...args));
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(TypeError);
      expect(thrown).toHaveProperty('message', message);
      expect(told).toEqual([]);
    });
  });
});
