import { lastValueFrom } from 'rxjs';
import { createWorker, FramingError, fromCommand } from 'simple-ipc';
import { cleanUp, record, sh, until, use, watchWarnings } from '../support/programs.js';
import { startHost } from './startHost.js';

const MB = 1_000_000;

/** One line of so many bytes. */
const longLine = (bytes: number) => sh(`head -c ${bytes} /dev/zero | tr '\\0' x; echo`);

/** The time of this process's own work. */
async function cpuMs(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

describe('the program writes too much', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  it('29: a 40 MB line arrives whole, in linear time', async () => {
    const timeOf = (bytes: number) =>
      cpuMs(async () => {
        const line = await lastValueFrom(fromCommand(longLine(bytes)));
        expect(line.length).toBe(bytes);
      });
    await timeOf(10 * MB); // warms up
    const shortMs = Math.min(await timeOf(10 * MB), await timeOf(10 * MB));
    const longMs = Math.min(await timeOf(40 * MB), await timeOf(40 * MB));
    // Four times as much; were it square, sixteen times, and seconds.
    expect(longMs).toBeLessThan(Math.max(10 * shortMs, 1_000));
  });

  it('29: a line past maxLineBytes: FramingError, and what came before is delivered', async () => {
    const endless = sh("echo one; echo two; yes | tr -d '\\n'");
    const worker = use(
      createWorker(endless, { maxLineBytes: MB, stop: { endInputMs: 50, terminateMs: 500 } }),
    );
    const { statuses, states, output } = record(worker);
    const { error, exits } = await until(worker, 'failed');
    expect(error).toBeInstanceOf(FramingError);
    expect(error.message).toMatch(/^"sh .*a line is longer than maxLineBytes \(1000000\)/);
    expect(output).toEqual(['one', 'two']);
    expect(exits).toMatchObject([{ reason: 'framing' }]);
    expect(states).toEqual([
      'starting',
      'running',
      'stopping eof',
      'stopping term',
      'exited',
      'failed',
    ]);
    expect(statuses[2]).toMatchObject({ cause: 'framing' });
  });

  it('29: a line of maxLineBytes is not past it', async () => {
    const run$ = fromCommand(longLine(MB), { maxLineBytes: MB });
    expect((await lastValueFrom(run$)).length).toBe(MB);
  });

  it.each([
    ['1 GB', 'in lines', `yes ${'x'.repeat(99)} | head -c 1000000000`],
    ['400 MB', 'without a line end', "tr '\\0' x < /dev/zero | head -c 400000000"],
  ])(
    '30: stderr flooded with %s %s, no subscriber: no dead-lock, memory flat',
    async (_size, _how, flood) => {
      const host = startHost(`
      const worker = ipc.createWorker(['sh', '-c', ${JSON.stringify(`(${flood}) >&2; echo done`)}]);
      const before = process.memoryUsage().rss;
      let peak = before;
      setInterval(() => { peak = Math.max(peak, process.memoryUsage().rss); }, 20).unref();
      say('line', await firstLine(worker));
      const { exit } = await until(worker, 'exited');
      say('grown', (peak - before) / 1e6);
      say('tail', String(exit.stderrTail.length));
    `);
      expect(await host.said('line')).toBe('done');
      expect(Number(await host.said('grown'))).toBeLessThan(200);
      expect(await host.said('tail')).toBe(String(64 * 1024));
      expect(await host.end).toEqual({ by: 0, stderr: '' });
    },
  );
});
