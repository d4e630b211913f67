// Sends numbers to a program, which answers each n with n + 1 and ends at 42; then all of it again.
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'simple-ipc/imperative';

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

const prebuilt: Record<string, string> = { 'linux x64': 'program', 'win32 x64': 'program.exe' };
const found = prebuilt[`${process.platform} ${process.arch}`];
const command = found ? [fixture(found)] : [process.execPath, fixture('program.mjs')];

async function talk(worker: Worker): Promise<void> {
  for (const number of [0, 21, 42]) {
    const before = worker.data;
    console.log(`Sending: ${number}`);
    worker.send(number);
    // Nothing can arrive while this code runs. `await` lets it: look again until it is there.
    while (worker.running && worker.data === before) await delay(1);
    console.log(`Data in main: ${worker.data}`);
  }
}

const worker = new Worker(command, (line) => console.log(`Received: ${line}`));
await talk(worker);

worker.run(); // A worker that has ended can be run again.
await talk(worker);
