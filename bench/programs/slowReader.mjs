// Reads its input slowly, about half a gigabyte a second, and prints at the end how many bytes there were.
import { readSync } from 'node:fs';

const chunk = Buffer.allocUnsafe(64 * 1024);
const never = new Int32Array(new SharedArrayBuffer(4));
let bytes = 0;
let reads = 0;
for (let read = readSync(0, chunk); read > 0; read = readSync(0, chunk)) {
  bytes += read;
  if (++reads % 8 === 0) Atomics.wait(never, 0, 0, 1);
}
console.log(bytes);
