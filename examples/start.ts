// npm start: the examples that need nothing but Node, one after another.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const parts = [
  [
    'imperative',
    'The interface of the Python package: send, then look at worker.data until it changes',
  ],
  ['reactive', 'The same with RxJS: send, and subscribe to the answers'],
  ['restart', 'Supervision: the program is killed, and restarted after a second'],
];

for (const [index, [name, heading]] of parts.entries()) {
  const file = `examples/${name}.ts`;
  console.log(`\n${index + 1}. ${heading}\n   ${file}\n${'-'.repeat(80)}`);
  const path = fileURLToPath(new URL(`../${file}`, import.meta.url));
  // With the flags that load TypeScript here.
  const { status } = spawnSync(process.execPath, [...process.execArgv, path], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
