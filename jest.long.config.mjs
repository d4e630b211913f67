import { readdirSync, readFileSync } from 'node:fs';
import config from './jest.config.mjs';

// Read by spec/support/cases.ts: every property is tried with all its cases.
process.env.SPEC_CASES ??= 'Infinity';

const spec = new URL('spec/', import.meta.url);
const hasProperties = (file) =>
  file.endsWith('.spec.ts') && readFileSync(new URL(file, spec), 'utf8').includes('/cases.js');
const files = readdirSync(spec, { recursive: true }).map((file) => file.replaceAll('\\', '/'));

/**
 * `npm run test:long`: what takes long (`*.long.spec.ts`), and all cases of the properties, of which `npm test`
 * tries the first.
 *
 * @type {import('jest').Config}
 */
export default {
  ...config,
  testRegex: undefined,
  testMatch: ['**/*.long.spec.ts', ...files.filter(hasProperties).map((file) => `**/spec/${file}`)],
  testTimeout: 600_000,
};
