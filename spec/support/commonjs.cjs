// Turns the ES modules of a package into CommonJS for jest.
const { transformSync } = require('esbuild');

module.exports = {
  process: (source, path) =>
    transformSync(source, { format: 'cjs', target: 'node20', sourcefile: path, sourcemap: true }),
};
