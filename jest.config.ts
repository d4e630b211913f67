import type { Config } from 'jest';

const config: Config = {
  roots: ['<rootDir>/spec'],
  testEnvironment: 'node',
  setupFilesAfterEnv: ['<rootDir>/spec/support/setup.ts'],
  // Specs run the sources as CommonJS; types are checked by `npm run typecheck`.
  transform: {
    '\\.ts$': ['ts-jest', { tsconfig: '<rootDir>/tsconfig.jest.json' }],
  },
  moduleNameMapper: {
    '^simple-ipc$': '<rootDir>/src/index.ts',
    '^simple-ipc/imperative$': '<rootDir>/src/imperative.ts',
    '^simple-ipc/testing$': '<rootDir>/src/testing.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  testTimeout: 60_000,
  maxWorkers: 2,
  collectCoverageFrom: ['src/**/*.ts'],
  coverageProvider: 'babel',
};

export default config;
