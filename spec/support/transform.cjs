// Turns TypeScript into CommonJS for jest. It loads no TypeScript: types are checked by `npm run typecheck`.
const { transformSync } = require('esbuild');

module.exports = {
  process(source, path) {
    return transformSync(source, {
      loader: 'ts',
      format: 'cjs',
      target: 'node20',
      sourcefile: path,
      sourcemap: true,
      // "use strict", as TypeScript writes it; decorators as NestJS needs them.
      tsconfigRaw: {
        compilerOptions: {
          alwaysStrict: true,
          experimentalDecorators: true,
          verbatimModuleSyntax: true,
        },
      },
    });
  },
};
