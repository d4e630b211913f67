import { NEVER, VirtualTimeScheduler } from 'rxjs';
import { contentLength, createWorker, type WorkerOptions } from 'simple-ipc';
import { advance, fakeProgram } from 'simple-ipc/testing';
import { Starts } from '../support/expectEdges.js';
import { cleanUp, record, use, watchWarnings } from '../support/programs.js';

type Options = Pick<WorkerOptions<unknown, unknown>, 'ready' | 'startTimeoutMs'>;

const HALF = 'Content-Length: 10\r\n\r\nhalf';
const NONSENSE = 'nonsense\r\n\r\n';

describe('a run whose program', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  /** A program that only a signal ends, or the test. */
  async function start(options: Options = {}) {
    const scheduler = new VirtualTimeScheduler();
    const program = fakeProgram(() => NEVER, { scheduler, ignores: ['eof'] });
    const starts = new Starts(program.options.launch!);
    starts.areAsked = true;
    const worker = createWorker('fake', {
      codec: contentLength(),
      ...options,
      scheduler,
      launch: starts.launch,
    });
    use({
      async [Symbol.asyncDispose]() {
        await Promise.all([worker[Symbol.asyncDispose](), advance(scheduler, 60_000)]);
      },
    });
    record(worker);
    const pass = (ms: number) => advance(scheduler, ms);
    await pass(0);
    const { events } = starts.all[0]!;
    return {
      worker,
      program: program.lastRun,
      pass,
      print: (text: string) => events.stdout(Buffer.from(text)),
      close: () => events.closed(),
      /** How it ended. */
      end() {
        const status = worker.status$.value;
        if (status.state === 'stopped') return { reason: status.exit?.reason };
        if (status.state !== 'failed') return status;
        return { reason: status.exits.at(-1)?.reason, error: status.error.name };
      },
    };
  }

  type Rig = Awaited<ReturnType<typeof start>>;
  const bySignal = { reason: 'signal', error: 'ExitError' };
  const byCode = { reason: 'exit-code', error: 'ExitError' };
  const byFraming = { reason: 'framing', error: 'FramingError' };

  describe.each<[string, (rig: Rig) => void]>([
    ['before its exit', (rig) => rig.close()],
    ['after its exit', () => undefined],
  ])('leaves half a value, and closes its stdout %s,', (_, before) => {
    async function leaveHalf(options: Options = {}) {
      const rig = await start(options);
      rig.print(HALF);
      return rig;
    }

    it.each<[string, (rig: Rig) => void, object]>([
      ['failed by what it wrote if it exits with success', (r) => r.program.exit(0), byFraming],
      ['failed by its exit code if it exits with that', (r) => r.program.exit(3), byCode],
      ['failed by its signal if it died of that', (r) => r.program.crash(), bySignal],
    ])('has %s', async (_name, end, expected) => {
      const rig = await leaveHalf();
      before(rig);
      end(rig);
      await rig.pass(0);
      expect(rig.end()).toEqual(expected);
    });

    it('was stopped if that was asked for', async () => {
      const rig = await leaveHalf();
      const stopped = rig.worker.stop();
      before(rig);
      rig.program.exit(3);
      await Promise.all([stopped, rig.pass(0)]);
      expect(rig.end()).toEqual({ reason: 'stopped' });
    });

    it('was not ready in time if it is stopped for that', async () => {
      const rig = await leaveHalf({ ready: () => NEVER, startTimeoutMs: 10 });
      await rig.pass(20);
      before(rig);
      await rig.pass(10_000);
      expect(rig.end()).toEqual({ reason: 'start-timeout', error: 'StartTimeoutError' });
    });
  });

  it('closes its stdout in the middle of a value, and goes on, is ended for that', async () => {
    const rig = await start();
    rig.print(HALF);
    rig.close();
    await rig.pass(10_000);
    expect(rig.program.signals).toContain('SIGTERM');
    expect(rig.end()).toEqual(byFraming);
  });

  it('writes nonsense, and exits by itself, has failed by the nonsense', async () => {
    const rig = await start();
    rig.print(NONSENSE);
    rig.program.exit(3);
    await rig.pass(0);
    expect(rig.end()).toEqual(byFraming);
  });

  it('writes nonsense while it is being stopped, was stopped', async () => {
    const rig = await start();
    const stopped = rig.worker.stop();
    rig.print(NONSENSE);
    await Promise.all([stopped, rig.pass(10_000)]);
    expect(rig.end()).toEqual({ reason: 'stopped' });
  });
});
