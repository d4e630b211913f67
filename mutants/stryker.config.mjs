import { createRequire } from 'node:module';
import { parts } from './parts.mjs';

const name = process.env.MUTANTS;
const { sources, specs } = parts[name];

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  mutate: sources.map((source) => `src/${source}.ts`),
  testRunner: 'jest',
  plugins: ['@stryker-mutator/jest-runner'],
  jest: {
    // It does not follow the name of the package to its sources.
    enableFindRelatedTests: false,
    config: {
      moduleNameMapper: {
        '^fast-check$': '<rootDir>/mutants/fewCases.cjs',
        '^fast-check-itself$': createRequire(import.meta.url).resolve('fast-check'),
        '^simple-ipc$': '<rootDir>/src/index.ts',
        '^simple-ipc/(imperative|testing)$': '<rootDir>/src/$1.ts',
        '^(\\.{1,2}/.*)\\.js$': '$1',
      },
      testRegex: `/spec/(${specs})[^/]*\\.spec\\.ts$`,
    },
  },
  coverageAnalysis: 'perTest',
  // What is evaluated once, at the import, would cost a run of everything each.
  ignoreStatic: true,
  concurrency: 2,
  dryRunTimeoutMinutes: 30,
  // Many changes are loops without end.
  timeoutMS: 2_500,
  timeoutFactor: 2,
  tempDirName: 'mutation/sandbox',
  reporters: ['progress-append-only', 'json'],
  jsonReporter: { fileName: `mutation/${name}.json` },
  disableTypeChecks: true,
};
