import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitepress';
import { linksWithin } from './linksWithin.mjs';

const root = new URL('../pages/', import.meta.url);

/** The pages of a chapter in the sidebar; one that is not written yet is left out. */
const chapter = (text, pages) => ({
  text,
  items: pages
    .filter(([, page]) => existsSync(new URL(`${page}.md`, root)))
    .map(([title, page]) => ({ text: title, link: `/${page}` })),
});

/** Pages that no chapter names yet, by their first heading. */
const named = new Set();
const chapters = [
  [
    'Start',
    [
      ['Quick start', 'start/quick-start'],
      ['Why simple-ipc', 'start/why'],
      ['How it compares', 'start/comparison'],
      ['The interface at a glance', 'interface'],
      ['Runtimes', 'start/runtimes'],
    ],
  ],
  [
    'Guides',
    [
      ['Talk to a program', 'guides/talk'],
      ['Restart it', 'guides/restart'],
      ['Ready, and the statuses', 'guides/status'],
      ['Ask and answer', 'guides/ask'],
      ['Pools', 'guides/pools'],
      ['Back-pressure', 'guides/back-pressure'],
      ['One-off programs', 'guides/one-off'],
      ['Stopping, and no orphans', 'guides/stopping'],
      ['Codecs', 'guides/codecs'],
      ['Testing', 'guides/testing'],
      ['Errors', 'guides/errors'],
      ['Untrusted programs', 'guides/untrusted'],
      ['Signals, limits, service managers', 'guides/operations'],
      ['Observability', 'guides/observability'],
    ],
  ],
  [
    'Beyond one process',
    [
      ['In the browser', 'browser'],
      ['The protocol of the bridge', 'protocol'],
      ['Many machines', 'many-machines'],
      ['MCP', 'mcp'],
      ['JSON-RPC', 'rpc'],
      ['NestJS', 'nestjs'],
      ['Angular', 'angular'],
      ['Electron', 'electron'],
      ['Windows', 'windows'],
    ],
  ],
  [
    'Cookbook',
    [
      ['Recipes', 'recipes'],
      ['More recipes', 'cookbook'],
    ],
  ],
  [
    'Coming from',
    [
      ['node:child_process', 'migrate/child-process'],
      ['execa', 'migrate/execa'],
      ['python-shell', 'migrate/python-shell'],
      ['spawn-rx', 'migrate/spawn-rx'],
      ['The Python package', 'migrate/python'],
    ],
  ],
  [
    'More',
    [
      ['FAQ', 'faq'],
      ['Performance', 'performance'],
      ['Security', 'about/security'],
      ['Decisions', 'about/decisions'],
      ['Changelog', 'about/changelog'],
    ],
  ],
].map(([title, pages]) => {
  for (const [, page] of pages) named.add(`${page}.md`);
  return chapter(title, pages);
});
const others = readdirSync(root, { recursive: true })
  .filter((file) => /\.md$/.test(file) && !/^reference\//.test(file))
  .filter((file) => file !== 'index.md' && !named.has(file))
  .map((file) => [file.replace(/\.md$/, ''), file.replace(/\.md$/, '')]);
if (others.length > 0) chapters.push(chapter('Further pages', others));

/** The reference's own sidebar; its first level has the entries. */
const reference = JSON.parse(
  readFileSync(new URL('reference/typedoc-sidebar.json', root), 'utf8'),
).map((entry) => ({
  ...entry,
  text: entry.text === 'index' ? 'simple-ipc' : `simple-ipc/${entry.text}`,
}));

export default defineConfig({
  title: 'simple-ipc',
  description: 'Talk to external programs from RxJS: supervised, typed, with back-pressure.',
  head: [['link', { rel: 'icon', href: '/icon.svg' }]],
  srcDir: 'pages',
  outDir: 'dist',
  cacheDir: 'node_modules/.cache/vitepress',
  cleanUrls: false,
  lastUpdated: false,
  markdown: { config: (md) => md.use(linksWithin) },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Quick start', link: '/start/quick-start' },
      { text: 'Guides', link: '/guides/talk' },
      { text: 'Cookbook', link: '/recipes' },
      { text: 'Reference', link: '/reference/' },
    ],
    sidebar: { '/reference/': reference, '/': chapters.filter(({ items }) => items.length > 0) },
  },
});
