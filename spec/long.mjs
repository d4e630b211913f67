// `npm run test:long`: what takes long (`*.long.spec.ts`), and all cases of the properties (support/cases.ts), of
// which `npm test` tries the first. Arguments are jest's.
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from 'jest';

process.env.SPEC_CASES ??= 'Infinity';

const folder = fileURLToPath(new URL('.', import.meta.url));
const properties = readdirSync(folder, { recursive: true })
  .filter((file) => /(?<!\.long)\.spec\.ts$/.test(file))
  .filter((file) => readFileSync(folder + file, 'utf8').includes('/cases.js'))
  .map((file) => `[\\\\/]${basename(file, '.spec.ts')}`);

await run([
  ...process.argv.slice(2),
  `--testRegex=(\\.long|${properties.join('|')})\\.spec\\.ts$`,
  '--testTimeout=600000',
]);
