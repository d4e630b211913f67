const { statSync } = require('node:fs');
const { default: Sequencer } = require('@jest/test-sequencer');

/** What is short may save the long. */
module.exports = class extends Sequencer {
  sort(tests) {
    const sizeOf = ({ path }) => statSync(path).size;
    return [...tests].sort((one, other) => sizeOf(one) - sizeOf(other));
  }
};
