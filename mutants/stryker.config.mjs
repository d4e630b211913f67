import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';

const { resolve } = createRequire(import.meta.url);

// The specs run thousands of times: a change that needs more cases of a property to be seen counts as not seen.
process.env.SPEC_CASES = '25';

// Set by run.mjs.
const { mutate, specs, report } = JSON.parse(process.env.MUTANTS);

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  mutate,
  testRunner: 'jest',
  plugins: ['@stryker-mutator/jest-runner'],
  jest: {
    // Jest cannot relate specs to sources that are imported by the package's name.
    enableFindRelatedTests: false,
    config: {
      moduleNameMapper: {
        '^simple-ipc$': '<rootDir>/src/index.ts',
        '^simple-ipc/(.*)$': '<rootDir>/src/$1.ts',
        '^(\\.{1,2}/.*)\\.js$': '$1',
      },
      runner: resolve('./untilOneFails.cjs'),
      testEnvironment: resolve('./oneIsEnough.cjs'),
      testTimeout: 10_000,
      testRegex: `/spec/(${specs})[^/]*(?<!\\.long)\\.spec\\.ts$`,
    },
  },
  coverageAnalysis: 'perTest',
  // A change to code that runs at import would need a run of every spec.
  ignoreStatic: true,
  // Most of the time is spent waiting for programs and time limits.
  concurrency: 2 * availableParallelism(),
  dryRunTimeoutMinutes: 30,
  // Ends infinite loops. Generous, so that a slow run does not count as noticed.
  timeoutMS: 20_000,
  timeoutFactor: 2,
  tempDirName: 'mutation/sandbox',
  reporters: ['progress-append-only', 'json'],
  jsonReporter: { fileName: report },
  disableTypeChecks: true,
};
