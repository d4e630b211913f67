import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterThis, closeAll } from '../support/bridge.js';
import { hasChromium, open } from './chromium.js';

const root = resolve(__dirname, '../..');
const example = resolve(root, 'examples/browser');

/** Starts the example by its one command. @returns the address that it prints. */
async function start(): Promise<string> {
  const tsx = [resolve(root, 'node_modules/tsx/dist/cli.mjs'), '--tsconfig'];
  const args = [...tsx, resolve(example, 'tsconfig.json'), resolve(example, 'server.ts')];
  const env = { ...process.env, PORT: '0' };
  const server = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  afterThis(async () => {
    const isOver = once(server, 'exit');
    server.kill('SIGTERM');
    expect((await isOver)[0]).toBe(0);
  });
  const [address] = (await once(createInterface(server.stdout), 'line')) as [string];
  return address;
}

const describeThere = hasChromium ? describe : describe.skip;

describeThere(
  `examples/browser${hasChromium ? '' : ' (skipped: there is no /usr/bin/chromium)'}`,
  () => {
    afterEach(closeAll);

    it('calculates, outlives an endless count, and restarts its program from the page', async () => {
      const page = await open(await start());
      const log = page.getByRole('log');
      const line = page.getByLabel('A line for bc');
      const lineOf = (text: string) => log.getByText(text, { exact: true }).first().waitFor();
      await line.fill('6 * 7');
      await line.press('Enter');
      await lineOf('42');
      await page.getByText('1 / 0').first().click();
      await log.locator('.err').first().waitFor();
      await page.getByText('count without end').click();
      await page
        .locator('#count')
        .filter({ hasText: /\d{2},\d{3} lines/ })
        .waitFor();
      await page.getByText('Restart').click();
      await line.fill('6 * 8');
      await line.press('Enter');
      await lineOf('48');
      await page.getByText('Stop', { exact: true }).click();
      await page.locator('#status').filter({ hasText: 'stopped' }).waitFor();
    });
  },
);
