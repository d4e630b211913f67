// Collects the pages in pages/: docs/, the texts of the repository, the reference; and writes llms.txt.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Application } from 'typedoc';

const root = fileURLToPath(new URL('../', import.meta.url));
const pages = `${root}site/pages/`;
const read = (file) => readFileSync(root + file, 'utf8');

rmSync(pages, { recursive: true, force: true });
cpSync(`${root}docs`, pages, {
  recursive: true,
  filter: (path) => !path.startsWith(`${root}docs/api`),
});
mkdirSync(`${pages}about`);
for (const name of ['security', 'decisions', 'changelog']) {
  const text = read(`${name.toUpperCase()}.md`);
  const moved = text.replaceAll(/\]\((?![a-z]+:|#|\/)([^)]+)\)/g, '](../$1)');
  writeFileSync(`${pages}about/${name}.md`, moved);
}

cpSync(`${root}bench/chart.svg`, `${pages}public/chart.svg`);
const texts = readdirSync(pages, { recursive: true })
  .filter((file) => file.endsWith('.md'))
  .sort();
const contents = [];
for (const file of texts) {
  const text = readFileSync(pages + file, 'utf8').replaceAll(
    /\]\([./]*bench\/chart\.svg\)/g,
    '](/chart.svg)',
  );
  writeFileSync(pages + file, text);
  const heading = /^# (.+)$/m.exec(text)?.[1];
  if (heading) contents.push({ heading, text, page: file.replace(/md$/, 'html') });
}
// https://llmstxt.org: a list of the pages, and all of them in one file.
const intro = `# simple-ipc\n\n> ${JSON.parse(read('package.json')).description}\n`;
const list = contents.map(({ heading, page }) => `- [${heading}](/${page})`).join('\n');
writeFileSync(
  `${pages}public/llms.txt`,
  `${intro}\n## Pages\n\n${list}\n- [All of them](/llms-full.txt)\n`,
);
const full = contents.map(({ text }) => text).join('\n\n---\n\n');
writeFileSync(`${pages}public/llms-full.txt`, `${intro}\n${full}\n`);

const { exports } = JSON.parse(read('package.json'));
const entries = Object.keys(exports)
  .filter((path) => !path.endsWith('.json'))
  .map((path) => `${root}src/${path === '.' ? 'index' : path.slice(2)}.ts`);
const app = await Application.bootstrapWithPlugins({
  name: 'simple-ipc',
  entryPoints: entries,
  tsconfig: `${root}tsconfig.build.json`,
  plugin: ['typedoc-plugin-markdown', 'typedoc-vitepress-theme'],
  out: `${pages}reference`,
  docsRoot: pages,
  readme: 'none',
  disableSources: true,
  excludePrivate: true,
  excludeExternals: true,
  hideBreadcrumbs: true,
  hidePageHeader: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  typeAliasPropertiesFormat: 'table',
  logLevel: 'Warn',
});
const project = await app.convert();
if (!project) throw new Error('typedoc failed');
await app.generateOutputs(project);
