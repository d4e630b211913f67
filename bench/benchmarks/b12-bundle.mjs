import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { index as library } from '../harness/library.mjs';

export default {
  id: 'B12',
  work: 'the core, minified and gzipped',
  figures: [{ name: 'size', unit: 'kB', isSize: true, goal: 6, gross: 24 }],

  /** The size of the core in an application's bundle, without rxjs. */
  async figure() {
    const index = fileURLToPath(library);
    const names = 'createWorker, fromCommand, lifeOf, lines, restartOnExit';
    const { outputFiles } = await build({
      stdin: { contents: `export { ${names} } from ${JSON.stringify(index)}`, resolveDir: '/' },
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      external: ['rxjs'],
      write: false,
    });
    return gzipSync(outputFiles[0].contents, { level: 9 }).length / 1000;
  },
};
