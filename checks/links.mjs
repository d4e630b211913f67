// npm run links
// Every relative link in the texts leads to a file that is there, and every anchor to a heading.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { root } from './entries.mjs';

const texts = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file && existsSync(root + file));

let count = 0;
for (const text of texts) {
  for (const link of linksOf(read(text))) {
    count++;
    const fault = faultOf(text, link);
    if (!fault) continue;
    process.exitCode = 1;
    console.error(`${text}: ${link} ${fault}`);
  }
}
console.log(`${count} links in ${texts.length} texts`);

function read(file) {
  return readFileSync(root + file, 'utf8');
}

/** Without what only looks like a link: code. */
function proseOf(markdown) {
  return markdown.replaceAll(/^( *)(`{3,})[^]*?^\1\2$/gm, '').replaceAll(/(`+)[^`]*\1/g, '`code`');
}

function linksOf(markdown) {
  const prose = proseOf(markdown);
  const inText = [...prose.matchAll(/\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)/g)];
  const inTags = [...prose.matchAll(/ (?:href|src|srcset)="([^"]+)"/g)];
  return [...inText, ...inTags].map((match) => match[1]).filter((link) => !/^[a-z]+:/.test(link));
}

function faultOf(text, link) {
  const [path, anchor] = link.split('#');
  const target = path === '' ? text : posix.join(posix.dirname(text), path);
  if (!existsSync(root + target)) return `leads to ${target}, which is not there`;
  if (anchor === undefined || !target.endsWith('.md')) return undefined;
  return anchorsOf(read(target)).has(anchor) ? undefined : `: no heading has that anchor`;
}

/** As GitHub makes them. */
function anchorsOf(markdown) {
  const withoutBlocks = markdown.replaceAll(/^( *)(`{3,})[^]*?^\1\2$/gm, '');
  const anchors = new Set();
  for (const [, heading] of withoutBlocks.matchAll(/^#{1,6} +(.+)$/gm)) {
    const slug = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/g, '-');
    let anchor = slug;
    for (let i = 1; anchors.has(anchor); i++) anchor = `${slug}-${i}`;
    anchors.add(anchor);
  }
  return anchors;
}
