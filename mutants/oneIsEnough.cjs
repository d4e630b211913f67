const { TestEnvironment } = require('jest-environment-node');

/** Where one spec has seen a change, the others need not look: many would wait for what never comes. */
module.exports = class OneIsEnough extends TestEnvironment {
  static hasFailed = false;

  handleTestEvent({ name, test, hook }) {
    const stryker = this.global[this.global.__strykerGlobalNamespace__ ?? '__stryker__'];
    // The first run is of all specs, without a change.
    if (stryker?.activeMutant === undefined) return;
    if (name === 'test_fn_failure' || name === 'hook_failure') OneIsEnough.hasFailed = true;
    if (!OneIsEnough.hasFailed) return;
    if (name === 'test_start') test.mode = 'skip';
    if (name === 'hook_start') hook.timeout = 3_000;
  }
};
