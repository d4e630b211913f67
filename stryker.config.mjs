import { createRequire } from 'node:module';

// npm run mutate: changes the sources one place at a time, and expects a spec to fail. A part of it:
// SPECS=spec/framing npm run mutate -- --mutate 'src/framing/*.ts'
const { SPECS = '' } = process.env;

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  mutate: ['src/**/*.ts', '!src/index.ts', '!src/testing.ts'],
  testRunner: 'jest',
  plugins: ['@stryker-mutator/jest-runner'],
  jest: {
    config: {
      moduleNameMapper: {
        '^fast-check$': '<rootDir>/spec/support/fewCases.cjs',
        '^fast-check-itself$': createRequire(import.meta.url).resolve('fast-check'),
        '^simple-ipc$': '<rootDir>/src/index.ts',
        '^simple-ipc/(imperative|testing)$': '<rootDir>/src/$1.ts',
        '^(\\.{1,2}/.*)\\.js$': '$1',
      },
      testRegex: `${SPECS}.*\\.spec\\.ts$`,
      // What takes its time, or runs other programs' installations, is left out: a change that only these see, too.
      testPathIgnorePatterns: [
        '/node_modules/',
        'spec/(bounds|model|program|soak|modelReal|recipes|setup)\\.spec',
        'spec/(examples|types)',
        'spec/faults/(crowd|floods|host|hostIsLeftAlone|guard|shortage|time)\\.spec',
      ],
    },
  },
  coverageAnalysis: 'perTest',
  // What is evaluated once, at the import, would cost a run of everything each.
  ignoreStatic: true,
  concurrency: 2,
  dryRunTimeoutMinutes: 30,
  timeoutMS: 10_000,
  incremental: true,
  incrementalFile: 'mutation/incremental.json',
  tempDirName: 'mutation/sandbox',
  reporters: ['progress-append-only', 'clear-text', 'json'],
  jsonReporter: { fileName: 'mutation/report.json' },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  disableTypeChecks: true,
};
