// node report.mjs RESULTS: a line per failed check, and the count; 1 if another than the known one failed.
import { readFileSync } from 'node:fs';

const lines = readFileSync(process.argv[2], 'utf8').trim().split('\n').filter(Boolean);
const results = lines.map((line) => JSON.parse(line));
const failed = results.filter(({ failure }) => failure);
const unexpected = failed.filter(({ name }) => name !== process.env.KNOWN);
for (const { name, failure } of failed) {
  const reason = failure.split('\n')[0];
  console.log(`${name === process.env.KNOWN ? "known, Wine's" : 'FAILED'}: ${name}\n  ${reason}`);
}
const isWhole = results.some(({ name }) => name === 'ends by itself');
if (!isWhole) console.log('FAILED: it did not end by itself in time');
console.log(`${results.length - failed.length} of ${results.length} checks hold`);
process.exitCode = unexpected.length > 0 || !isWhole ? 1 : 0;
