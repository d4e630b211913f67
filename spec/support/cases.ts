/** Set by spec/long.mjs, or by hand. */
const { SPEC_CASES } = process.env;

/**
 * The number of cases of a property.
 *
 * @param all - in `npm run test:long`.
 * @param few - in `npm test`; fewer where a case costs much.
 */
export const cases = (all: number, few = 100) =>
  Math.min(all, SPEC_CASES === undefined ? few : Number(SPEC_CASES));
