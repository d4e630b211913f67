import { equal, ok } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';

const ALLOWED = [
  /^(package\.json|(README|CHANGELOG|SECURITY)\.md|docs\/.+\.md|LICENSE)$/,
  /^src\/.+\.ts$/,
  /^dist\/cjs\/package\.json$/,
  /^dist\/(esm|cjs)\/.+\.(js|d\.ts)(\.map)?$/,
];

/**
 * Checks that the package holds what its users need, and nothing else: both builds of each source, with
 * maps whose sources are there.
 *
 * @param files - the names in the package.
 * @param folder - where it is installed.
 */
export function checkContents(files, folder) {
  const strangers = files.filter((file) => !ALLOWED.some((allowed) => allowed.test(file)));
  equal(strangers.join(), '', 'nobody needs these');
  const sources = files.filter((file) => file.startsWith('src/') && !/\.spec\./.test(file));
  const expected = sources.flatMap((source) =>
    ['esm', 'cjs'].flatMap((format) => {
      const path = source.replace(/^src/, `dist/${format}`).replace(/\.ts$/, '');
      return [`${path}.js`, `${path}.js.map`, `${path}.d.ts`, `${path}.d.ts.map`];
    }),
  );
  const built = files.filter((file) => /^dist\/.+\.(js|ts|map)$/.test(file));
  equal(
    built.sort().join('\n'),
    expected.sort().join('\n'),
    'each source is built, and none left over',
  );
  for (const map of built.filter((file) => file.endsWith('.map'))) checkMap(map, files, folder);
  checkEntries(files, JSON.parse(readFileSync(posix.join(folder, 'package.json'), 'utf8')));
}

function checkMap(map, files, folder) {
  const { sources, sourcesContent } = JSON.parse(readFileSync(posix.join(folder, map), 'utf8'));
  for (const source of sources) {
    const path = posix.join(posix.dirname(map), source);
    ok(files.includes(path), `${map} names ${source}, which is not in the package`);
  }
  equal(
    sourcesContent,
    undefined,
    `${map} has the sources in it, which are in the package already`,
  );
}

function checkEntries(files, { exports, main, module, types }) {
  const pathsOf = (entry) =>
    typeof entry === 'string' ? [entry] : Object.values(entry).flatMap(pathsOf);
  for (const path of [...pathsOf(exports), main, module, types]) {
    ok(files.includes(posix.normalize(path)), `package.json names ${path}, which is not there`);
  }
}
