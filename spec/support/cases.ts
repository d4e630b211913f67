/** How many cases of a property are tried at most: few by `npm test`, all by `npm run test:long`. */
const MOST = Number(process.env.SPEC_CASES ?? 100);

/** The number of cases of a property: so many in the long run, fewer in the short one. */
export const cases = (many: number) => Math.min(many, MOST);
