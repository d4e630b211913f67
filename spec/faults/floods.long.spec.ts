import { lastValueFrom } from 'rxjs';
import { createWorker, FramingError, fromCommand } from 'simple-ipc';
import { expectLinearTime } from '../support/cpuTime.js';
import { cleanUp, record, sh, until, use, watchWarnings } from '../support/programs.js';
import { startHost } from './startHost.js';

const MB = 1_000_000;

/** One line of so many bytes. */
const longLine = (bytes: number) => sh(`head -c ${bytes} /dev/zero | tr '\\0' x; echo`);

describe('the program writes too much', () => {
  beforeEach(watchWarnings);
  afterEach(cleanUp);

  it('29: a 40 MB line arrives whole, in linear time', async () => {
    await expectLinearTime(2.5 * MB, async (bytes) => {
      const line = await lastValueFrom(fromCommand(longLine(bytes)));
      expect(line.length).toBe(bytes);
    });
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
    ['in lines', `yes ${'x'.repeat(99)} | head -c 256000000`],
    ['without a line end', "tr '\\0' x < /dev/zero | head -c 256000000"],
  ])(
    '30: stderr flooded with 256 MB %s, no subscriber: no dead-lock, memory flat',
    async (_how, flood) => {
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
      expect(Number(await host.said('grown'))).toBeLessThan(100);
      expect(await host.said('tail')).toBe(String(64 * 1024));
      expect(await host.end).toEqual({ by: 0, stderr: '' });
    },
  );
});
