import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';

const { resolve } = createRequire(import.meta.url);

// Set by run.mjs.
const { mutate, specs, report } = JSON.parse(process.env.MUTANTS);

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  mutate,
  testRunner: 'jest',
  plugins: ['@stryker-mutator/jest-runner'],
  jest: {
    // It does not follow the name of the package to its sources.
    enableFindRelatedTests: false,
    config: {
      moduleNameMapper: {
        '^fast-check$': '<rootDir>/mutants/fewCases.cjs',
        '^fast-check-itself$': resolve('fast-check'),
        '^simple-ipc$': '<rootDir>/src/index.ts',
        '^simple-ipc/(imperative|testing)$': '<rootDir>/src/$1.ts',
        '^(\\.{1,2}/.*)\\.js$': '$1',
      },
      runner: resolve('./untilOneFails.cjs'),
      testEnvironment: resolve('./oneIsEnough.cjs'),
      testTimeout: 10_000,
      testRegex: `/spec/(${specs})[^/]*\\.spec\\.ts$`,
    },
  },
  coverageAnalysis: 'perTest',
  // What is evaluated once, at the import, would cost a run of everything each.
  ignoreStatic: true,
  // Most of the time goes by waiting, for programs and for the time limit.
  concurrency: 2 * availableParallelism(),
  dryRunTimeoutMinutes: 30,
  // For loops without end. Generous: what is only slow does not count as seen.
  timeoutMS: 20_000,
  timeoutFactor: 2,
  tempDirName: 'mutation/sandbox',
  reporters: ['progress-append-only', 'json'],
  jsonReporter: { fileName: report },
  disableTypeChecks: true,
};
