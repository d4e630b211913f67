const { builtinModules } = require('node:module');

// The layers of src/, from the door down. A file may import from its own layer and from those below.
const layers = [
  [
    'index.ts',
    'imperative.ts',
    'testing.ts',
    'remote.ts',
    'host.ts',
    'angular.ts',
    'nestjs.ts',
    'nats.ts',
    'rpc.ts',
    'mcp.ts',
  ],
  ['angular/', 'nestjs/', 'nats/', 'mcp/'],
  ['pool/', 'testing/', 'host/', 'remote/'],
  ['worker/'],
  ['exchange/', 'flow/', 'rpc/'],
  ['supervision/'],
  ['life/'],
  ['run/'],
  ['process/', 'link/'],
  ['framing/'],
  ['contract/'],
  ['rx/'],
];

/** What `simple-ipc/remote` is made of. */
const forBrowsers =
  '^src/(rx|framing|contract|exchange|flow|link|remote|rpc|angular)/|^src/worker/OutputIterator\\.ts$';
const onlyInNode = `^(node:)?(${builtinModules.join('|')})$`;

const pathOf = (entries) => `^src/(${entries.join('|').replaceAll('.', '\\.')})`;

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...layers.slice(1).map((layer, i) => ({
      name: `upward-from-${layer[0]}`,
      comment: 'Arrows point downward only.',
      severity: 'error',
      from: { path: pathOf(layer) },
      to: { path: pathOf(layers.slice(0, i + 1).flat()) },
    })),
    {
      name: 'has-a-layer',
      comment: 'A new file gets its place in `layers`, at the top of this configuration.',
      severity: 'error',
      from: {},
      to: { path: '^src/', pathNot: [pathOf(layers.flat())] },
    },
    {
      name: 'no-cycle',
      comment: 'Of types neither.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'spawning-in-process-only',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/process/' },
      to: { path: '^(node:)?child_process$' },
    },
    {
      name: 'runs-in-a-browser',
      comment: 'What a browser is given reaches nothing that only Node has.',
      severity: 'error',
      from: { path: forBrowsers },
      to: { path: onlyInNode, reachable: true },
    },
    {
      name: 'declared-dependencies-only',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'unknown', 'undetermined'],
        dependencyTypesNot: ['npm-peer'],
      },
    },
    {
      name: 'not-resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'rxjs-from-its-root',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: 'node_modules/rxjs/', pathNot: 'node_modules/rxjs/dist/types/index\\.d\\.ts$' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types'] },
  },
};
