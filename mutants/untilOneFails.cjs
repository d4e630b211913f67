const { default: Runner } = require('jest-runner');
const OneIsEnough = require('./oneIsEnough.cjs');

/** Runs one file of specs after the other, the short ones first, until one has failed. */
module.exports = class extends Runner {
  async runTests(tests, ...rest) {
    const sizeOf = ({ path, context }) => context.hasteFS.getSize(path);
    OneIsEnough.hasFailed = false;
    for (const test of tests.toSorted((one, other) => sizeOf(one) - sizeOf(other))) {
      if (!OneIsEnough.hasFailed) await super.runTests([test], ...rest);
    }
  }
};
