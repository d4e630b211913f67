import { closeAll, poll } from '../support/bridge.js';
import type { RemoteWorker } from 'simple-ipc/remote';
import { bundle, hasChromium, open, site } from './chromium.js';

/** What the bundle puts on the page's window. */
interface Seen {
  readonly worker: RemoteWorker;
  readonly lines: number;
  readonly last: string;
  readonly missed: number;
  readonly bad: number;
  readonly gaps: string[];
  readonly states: string[];
  readonly rejected: string[];
}
declare const watch: (name: string, url: string, token: string) => Seen;
declare const until: (isSo: () => boolean) => Promise<void>;
declare const ask: (worker: RemoteWorker, name: string, request: unknown) => Promise<unknown>;

/** What one step leaves on the page for the next. */
interface Kept {
  echo: Seen;
}

const describeThere = hasChromium ? describe : describe.skip;

describeThere(
  `simple-ipc/remote in Chromium${hasChromium ? '' : ' (skipped: there is no /usr/bin/chromium)'}`,
  () => {
    let script: string;

    beforeAll(() => {
      script = bundle();
    });

    afterEach(closeAll);

    it('gets lines, sends, and asks', async () => {
      const { origin, proxied } = await site(script);
      const page = await open(origin);
      const seen = await page.evaluate(async (url) => {
        const echo = watch('echo', url, 'first');
        echo.worker.send.next('1');
        await until(() => echo.last === '1');
        const reply = await ask(echo.worker, 'double', '2');
        await echo.worker.restart();
        return {
          reply,
          state: echo.worker.status$.value,
          rejected: echo.rejected,
          gaps: echo.gaps,
        };
      }, proxied);
      expect(seen).toEqual({
        reply: '2',
        state: { state: 'running', generation: 2 },
        rejected: [],
        gaps: [],
      });
    });

    it('gets 200,000 lines, each once and in order', async () => {
      const { origin, proxied } = await site(script);
      const page = await open(origin);
      const seen = await page.evaluate(async (url) => {
        const count = watch('count', url, 'first');
        count.worker.send.next('200000');
        await until(() => count.lines === 200_000);
        return { bad: count.bad, gaps: count.gaps, last: count.last };
      }, proxied);
      expect(seen).toEqual({ bad: 0, gaps: [], last: '200000' });
    });

    it('goes on after a cut', async () => {
      const { origin, proxied, proxy } = await site(script);
      const page = await open(origin);
      await page.evaluate(async (url) => {
        const echo = watch('echo', url, 'first');
        (globalThis as unknown as Kept).echo = echo;
        echo.worker.send.next('1');
        await until(() => echo.lines === 1);
      }, proxied);
      for (let i = 2; i < 8; i++) {
        proxy.cut();
        await page.evaluate(async (n) => {
          const { echo } = globalThis as unknown as Kept;
          echo.worker.send.next(String(n));
          await until(() => echo.lines === n);
        }, i);
      }
      const seen = await page.evaluate(() => {
        const { bad, rejected, gaps, states } = (globalThis as unknown as Kept).echo;
        return {
          bad,
          rejected,
          gaps,
          waited: states.filter((state: string) => state === 'waiting').length,
        };
      });
      expect(seen).toMatchObject({ bad: 0, rejected: [], gaps: [] });
      expect(seen.waited).toBeGreaterThan(0);
    });

    it('is refused by a host that was started anew with another token, and comes back with it', async () => {
      const served = await site(script);
      const page = await open(served.origin);
      await page.evaluate(async (url) => {
        const echo = watch('echo', url, 'first');
        (globalThis as unknown as Kept).echo = echo;
        await until(() => echo.states.at(-1) === 'open');
      }, served.proxied);
      await served.restart('second');
      const closed = await page.evaluate(async () => {
        const { echo } = globalThis as unknown as Kept;
        await until(() => echo.states.at(-1) === 'closed');
        const { value } = echo.worker.connection$;
        return value.state === 'closed' ? value.error?.message : undefined;
      });
      expect(closed).toBe('"echo" was refused: not authorized');
      const seen = await page.evaluate(async (url) => {
        const { echo } = globalThis as unknown as Kept;
        echo.worker.close();
        const again = watch('echo', url, 'second');
        again.worker.send.next('1');
        await until(() => again.lines === 1);
        return echo.gaps;
      }, served.proxied);
      expect(seen).toEqual(['session']);
      expect(served.host.sessions).toBe(1);
    });

    it.each([
      ['pauses the program of', 'paused'],
      ['reports what is missing to', 'gappy'],
    ])('%s a page that is busy', async (_, name) => {
      const { origin, proxied } = await site(script);
      const page = await open(origin);
      const count = 500_000;
      const seen = await page.evaluate(
        async ([worker, url, lines]) => {
          const all = watch(worker, url, 'first');
          await until(() => all.states.at(-1) === 'open');
          all.worker.send.next(String(lines));
          await until(() => all.lines > 0);
          const end = performance.now() + 1_000;
          while (performance.now() < end);
          await until(() => all.lines + all.missed === lines);
          return { bad: all.bad, sum: all.lines + all.missed, missed: all.missed };
        },
        [name, proxied, count] as const,
      );
      expect(seen).toMatchObject({ bad: 0, sum: count });
      if (name === 'paused') expect(seen.missed).toBe(0);
      else expect(seen.missed).toBeGreaterThan(0);
    });

    it('is not let in from a page of another origin', async () => {
      const { proxied, host } = await site(script);
      const other = await site(script);
      const page = await open(other.origin);
      const seen = await page.evaluate(async (url) => {
        const echo = watch('echo', url, 'first');
        await until(() => echo.states.filter((state: string) => state === 'waiting').length > 1);
        return { states: [...new Set(echo.states)], lines: echo.lines };
      }, proxied);
      expect(seen).toEqual({ states: ['connecting', 'waiting'], lines: 0 });
      await poll(() => host.sessions === 0);
    });
  },
);
