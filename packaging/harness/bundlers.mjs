/**
 * Bundlers, as their users run them: the packages to install, the files to write first, and for each format the
 * command that makes one file of `bundled.mjs`, and where that file is.
 */
export const BUNDLERS = [
  {
    name: 'esbuild',
    packages: ['esbuild@0.28'],
    bundle: (format) => {
      const out = format === 'esm' ? 'esbuild.mjs' : 'esbuild.cjs';
      const args = ['--bundle', '--platform=node', `--format=${format}`, `--outfile=${out}`];
      return { command: ['npx', 'esbuild', 'bundled.mjs', ...args], out };
    },
  },
  {
    name: 'rollup',
    packages: ['rollup@4', '@rollup/plugin-node-resolve@16', '@rollup/plugin-commonjs@28'],
    bundle: (format) => {
      const out = format === 'esm' ? 'rollup.mjs' : 'rollup.cjs';
      const plugins = ['-p', 'node-resolve={preferBuiltins:true}', '-p', 'commonjs'];
      const args = ['--format', format, '--file', out, '--silent'];
      return { command: ['npx', 'rollup', 'bundled.mjs', ...plugins, ...args], out };
    },
  },
  {
    name: 'vite',
    packages: ['vite@7'],
    files: {
      'vite.config.mjs': `export default ({ mode }) => ({
        logLevel: 'error',
        ssr: { noExternal: true },
        build: {
          ssr: 'bundled.mjs',
          outDir: 'vite-' + mode,
          rollupOptions: { output: { format: mode, entryFileNames: mode === 'es' ? 'out.mjs' : 'out.cjs' } },
        },
      });`,
    },
    bundle: (format) => {
      const mode = format === 'esm' ? 'es' : 'cjs';
      return {
        command: ['npx', 'vite', 'build', '--mode', mode],
        out: `vite-${mode}/out.${mode === 'es' ? 'mjs' : 'cjs'}`,
      };
    },
  },
  {
    name: 'webpack',
    packages: ['webpack@5', 'webpack-cli@6'],
    files: {
      'webpack.config.mjs': `export default ({ format }) => ({
        mode: 'production',
        target: 'node20',
        entry: './bundled.mjs',
        experiments: { outputModule: format === 'esm' },
        output: {
          path: import.meta.dirname,
          filename: format === 'esm' ? 'webpack.mjs' : 'webpack.cjs',
          ...(format === 'esm' ? { module: true, chunkFormat: 'module' } : {}),
        },
      });`,
    },
    bundle: (format) => ({
      command: ['npx', 'webpack', '--env', `format=${format}`],
      out: format === 'esm' ? 'webpack.mjs' : 'webpack.cjs',
    }),
  },
  {
    name: 'ncc',
    packages: ['@vercel/ncc@0.38'],
    // It keeps the format of its source.
    files: {
      'bundled.cjs': `const { firstValueFrom } = require('rxjs');
      const { createWorker } = require('simple-ipc');
      const worker = createWorker([process.execPath, '-p', '6 * 7']);
      firstValueFrom(worker.output$).then(async (line) => {
        await worker[Symbol.asyncDispose]();
        console.log(line);
      });`,
    },
    bundle: (format) => {
      const source = format === 'esm' ? 'bundled.mjs' : 'bundled.cjs';
      return {
        command: ['npx', 'ncc', 'build', source, '--out', `ncc-${format}`, '--quiet'],
        out: `ncc-${format}/index.${format === 'esm' ? 'mjs' : 'cjs'}`,
      };
    },
  },
];
