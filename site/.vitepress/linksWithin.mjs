import { existsSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const pages = fileURLToPath(new URL('../pages/', import.meta.url));

/** Texts of the repository, as seen from `docs`, that are pages of the site, too. */
const PAGES = {
  'README.md': '/start/quick-start',
  'SECURITY.md': '/about/security',
  'DECISIONS.md': '/about/decisions',
  'CHANGELOG.md': '/about/changelog',
};

/** A plugin of markdown-it: links that leave the documents lead to the page of that text, or are only text. */
export function linksWithin(md) {
  md.core.ruler.push('links-within', ({ tokens, env }) => {
    for (const { children } of tokens) {
      let isDropped = false;
      for (const token of children ?? []) {
        if (token.type === 'link_open') isDropped = !keep(token, env.path);
        if (!isDropped) continue;
        if (token.type === 'link_open' || token.type === 'link_close') {
          Object.assign(token, { tag: 'span', attrs: null });
        }
      }
    }
  });
}

function keep(token, page) {
  const href = token.attrGet('href');
  if (/^([a-z]+:|#|\/)/.test(href)) return true;
  const [path, anchor] = href.split('#');
  const target = resolve(dirname(page), path);
  if (target.startsWith(pages) && existsSync(target)) return true;
  const known = PAGES[basename(target)];
  if (!known) return false;
  token.attrSet('href', anchor ? `${known}#${anchor}` : known);
  return true;
}
