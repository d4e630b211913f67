const { TestEnvironment } = require('jest-environment-node');

/** Skips the remaining specs once one has failed: many would wait for something that never happens. */
module.exports = class OneIsEnough extends TestEnvironment {
  static hasFailed = false;

  handleTestEvent({ name, test, hook }) {
    const stryker = this.global[this.global.__strykerGlobalNamespace__ ?? '__stryker__'];
    // The first run has no change and needs all specs.
    if (stryker?.activeMutant === undefined) return;
    if (name === 'test_fn_failure' || name === 'hook_failure') OneIsEnough.hasFailed = true;
    if (!OneIsEnough.hasFailed) return;
    if (name === 'test_start') test.mode = 'skip';
    if (name === 'hook_start') hook.timeout = 3_000;
  }
};
