import type { Config } from 'jest';

/** What ts-jest compiles by, file for file. */
const typescript = {
  target: 'es2022',
  module: 'commonjs',
  moduleResolution: 'bundler',
  isolatedModules: true,
  strict: true,
  experimentalDecorators: true,
  sourceMap: true,
};

/** `npm test`: everything that proves a behaviour. `npm run test:long` has the rest (spec/long.mjs). */
const config: Config = {
  roots: ['<rootDir>/spec'],
  testRegex: '(?<!\\.long)\\.spec\\.ts$',
  testEnvironment: 'node',
  globalSetup: '<rootDir>/spec/support/build.cjs',
  setupFilesAfterEnv: ['<rootDir>/spec/support/setup.ts'],
  // Specs run the sources as CommonJS; types are checked by `npm run typecheck`.
  transform: {
    '\\.ts$': ['ts-jest', { tsconfig: typescript }],
    // Angular is made of ES modules only.
    '@angular/.+\\.mjs$': '<rootDir>/spec/support/commonjs.cjs',
  },
  transformIgnorePatterns: ['/node_modules/(?!@angular/)'],
  moduleNameMapper: {
    '^simple-ipc$': '<rootDir>/src/index.ts',
    '^simple-ipc/([a-z]+)$': '<rootDir>/src/$1.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  testTimeout: 120_000,
  maxWorkers: '100%',
  collectCoverageFrom: ['src/**/*.ts'],
  coverageProvider: 'babel',
};

export default config;
