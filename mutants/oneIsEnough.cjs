const { TestEnvironment } = require('jest-environment-node');

/** The change under which a spec has failed. Not in the environment: each file has its own. */
let seen;

/** Where one spec has seen a change, the others need not look: many would wait for what never comes. */
module.exports = class extends TestEnvironment {
  handleTestEvent({ name, test, hook }) {
    const change =
      this.global[this.global.__strykerGlobalNamespace__ ?? '__stryker__']?.activeMutant;
    if (change === undefined) return;
    if (name === 'test_fn_failure' || name === 'hook_failure') seen = change;
    if (seen !== change) return;
    if (name === 'test_start') test.mode = 'skip';
    if (name === 'hook_start') hook.timeout = 3_000;
  }
};
