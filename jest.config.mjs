/**
 * `npm test`: everything that proves a behaviour. `npm run test:long` has the rest (jest.long.config.mjs).
 *
 * @type {import('jest').Config}
 */
export default {
  roots: ['<rootDir>/spec'],
  testRegex: '(?<!\\.long)\\.spec\\.ts$',
  testEnvironment: 'node',
  globalSetup: '<rootDir>/spec/support/build.cjs',
  setupFilesAfterEnv: ['<rootDir>/spec/support/setup.ts'],
  // Specs run the sources as CommonJS; types are checked by `npm run typecheck`.
  // Angular is made of ES modules only.
  transform: { '\\.ts$|@angular/.+\\.mjs$': '<rootDir>/spec/support/transform.cjs' },
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
