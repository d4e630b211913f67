// npm run e2e [-- --screenshots]: plays the built application in Chromium, with faults. Needs Chromium and Stockfish (Debian
// packages of these names); `--screenshots` also takes the pictures of the documentation anew.
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { Server } from './Server.mjs';

/** How long anything may take on a busy machine. */
const PATIENCE_MS = 60_000;
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const pictures = fileURLToPath(new URL('../screenshots/', import.meta.url));
const takesPictures = process.argv.includes('--screenshots');
const results = { passed: 0, failed: 0 };

async function check(fact, prove) {
  const start = performance.now();
  let failure;
  try {
    await prove();
  } catch (error) {
    failure = error;
  }
  results[failure ? 'failed' : 'passed']++;
  console.log(`${failure ? 'FAILED' : 'ok'} ${fact} (${Math.round(performance.now() - start)} ms)`);
  if (failure) console.error(failure);
}

/** A page with what the checks look at. */
async function open(browser, url, options = {}) {
  const context = await browser.newContext({ colorScheme: 'light', ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  await page.goto(url);
  const badge = (name) => page.locator(`[data-badge="${name}"]`);
  const until = (locator, text) => locator.filter({ hasText: text }).waitFor();
  const square = (name) => page.locator(`[data-square="${name}"]`);
  return {
    page,
    errors,
    square,
    engineIs: (text) => until(badge('engine'), text),
    lineIs: (text) => until(badge('connection'), text),
    says: (text) => until(page.locator('[data-message]'), text),
    moves: async () =>
      (await page.locator('[data-moves] li').allInnerTexts()).map((row) => row.split(/\s+/)),
    generation: async () => Number(await page.locator('[data-generation]').innerText()),
    async play(from, to) {
      await square(from).click();
      await square(to).click();
    },
    async violations() {
      await page.addScriptTag({ path: axe });
      const { violations } = await page.evaluate(() => globalThis.axe.run());
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
    },
  };
}

const enginesOf = (pid) =>
  spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter((child) => child && nameOf(child) === 'stockfish');

function nameOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update'],
});
const server = await Server.start();
try {
  await rendering();
  await playing();
  await looks();
} finally {
  await browser.close();
  await check('SIGTERM ends the application and the engine', async () => {
    const engines = enginesOf(server.pid);
    equal(engines.length, 1);
    console.log(`  after ${await server.stop()} ms`);
    equal(nameOf(engines[0]), '');
  });
}
console.log(`end to end: ${results.passed} passed, ${results.failed} failed`);
process.exitCode = results.failed > 0 ? 1 : 0;

async function rendering() {
  const html = async (url) => (await fetch(url)).text();
  const verdict = /data-verdict[^>]*>([^<]*)</;
  await check('a page rendered with the engine shows what it thinks', async () => {
    match(verdict.exec(await html(server.url))?.[1] ?? '', /^[+-]?\d/);
  });
  await check('a page rendered without workers is sent at once, and says so', async () => {
    const inert = await Server.start({ RENDER_WITHOUT_WORKERS: '1' });
    try {
      const page = await html(inert.url);
      equal(verdict.exec(page)?.[1], '–');
      match(page, /Engine: not connected yet/);
    } finally {
      await inert.stop();
    }
  });
}

async function playing() {
  const app = await open(browser, server.url);
  await check('the page connects, and shows that the engine is running', async () => {
    await app.lineIs('connected');
    await app.engineIs('running');
  });
  await check('a move is answered', async () => {
    await app.play('e2', 'e4');
    await app.says('Stockfish played');
    const [[number, white, black]] = await app.moves();
    deepEqual([number, white], ['1.', 'e4']);
    ok(black);
  });
  await check('the arrow keys and Enter play as well', async () => {
    await app.square('g1').focus();
    await app.page.keyboard.press('Enter');
    for (const key of ['ArrowUp', 'ArrowUp', 'ArrowLeft', 'Enter'])
      await app.page.keyboard.press(key);
    await app.says('You played Nf3');
    await app.says('Stockfish played');
    equal((await app.moves()).length, 2);
  });
  await check(
    'a killed engine comes back by itself, and the move that it owed is played',
    async () => {
      const before = await app.generation();
      await app.page.locator('select').selectOption('3000');
      await app.play('f1', 'e2');
      await app.says('Stockfish is thinking');
      await app.page.getByRole('button', { name: 'Kill the engine' }).click();
      await app.engineIs('down, restarting');
      await app.engineIs('running');
      ok((await app.generation()) > before);
      await app.says('Stockfish played');
      equal((await app.moves()).length, 3);
      await app.page.locator('select').selectOption('300');
    },
  );
  await check('a cut network is shown, and mended: the game goes on', async () => {
    server.cut();
    await app.lineIs('offline');
    await app.play('e1', 'g1');
    server.mend();
    await app.lineIs('connected');
    await app.says('Stockfish played');
    equal((await app.moves())[3][1], 'O-O');
  });
  await check('a page of another origin gets no socket', async () => {
    const other = await browser.newPage();
    await other.goto('data:text/html,');
    const at = `${server.url.replace('http', 'ws')}/workers`;
    const outcome = await other.evaluate(
      (url) =>
        new Promise((resolve) => {
          const socket = new WebSocket(url);
          socket.onopen = () => resolve('open');
          socket.onerror = () => resolve('refused');
        }),
      at,
    );
    equal(outcome, 'refused');
  });
  await check('nothing was thrown in the page', () => deepEqual(app.errors, []));
  await app.page.context().close();
}

async function looks() {
  const looks = {
    desktop: { viewport: { width: 1280, height: 860 } },
    dark: { viewport: { width: 1280, height: 860 }, colorScheme: 'dark' },
    phone: {
      viewport: { width: 390, height: 844 },
      deviceScaleFactor: 2,
      isMobile: true,
      hasTouch: true,
    },
  };
  if (takesPictures) mkdirSync(pictures, { recursive: true });
  for (const [name, options] of Object.entries(looks)) {
    const app = await open(browser, server.url, options);
    await app.lineIs('connected');
    await app.page.locator('select').selectOption('300');
    for (const [from, to] of [
      ['e2', 'e4'],
      ['g1', 'f3'],
      ['d2', 'd4'],
    ]) {
      await app.play(from, to);
      await app.says('Stockfish played');
    }
    await app.square('b1').click();
    await check(`axe finds nothing serious (${name})`, async () =>
      deepEqual(await app.violations(), []),
    );
    await check(`nothing is wider than the screen (${name})`, async () => {
      ok(await app.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    });
    if (takesPictures) {
      await app.page.screenshot({ path: `${pictures}${name}.png` });
    }
    await app.page.context().close();
  }
}
