const { default: Runner } = require('jest-runner');
const OneIsEnough = require('./oneIsEnough.cjs');

/** Runs the spec files one after another, the shortest first, until one fails. */
module.exports = class extends Runner {
  async runTests(tests, ...rest) {
    const sizeOf = ({ path, context }) => context.hasteFS.getSize(path);
    OneIsEnough.hasFailed = false;
    for (const test of tests.toSorted((one, other) => sizeOf(one) - sizeOf(other))) {
      if (!OneIsEnough.hasFailed) await super.runTests([test], ...rest);
    }
  }
};
