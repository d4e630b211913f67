// The same as imperative.ts, in the way of RxJS: nothing is polled, all of it flows.
import { fileURLToPath } from 'node:url';
import { concatMap, defer, filter, from, map, merge, take } from 'rxjs';
import { createWorker } from 'simple-ipc';

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const prebuilt: Record<string, string> = { 'linux x64': 'program', 'win32 x64': 'program.exe' };
const found = prebuilt[`${process.platform} ${process.arch}`];
const command = found ? [fixture(found)] : [process.execPath, fixture('program.mjs')];

const worker = createWorker(command, { start: false });
const started$ = worker.status$.pipe(filter(({ state }) => state === 'starting'));
const exit$ = worker.status$.pipe(
  filter((status) => status.state === 'exited'),
  map(({ exit }) => exit),
);
const answer$ = worker.output$.pipe(
  filter((line) => line !== ''),
  map((line) => Number(line)),
);

started$.subscribe(() => console.log('Started worker'));
answer$.subscribe((answer) => console.log(`Received: ${answer}`));
exit$.subscribe(({ code }) => console.log(`Stopped worker [exit code: ${code}]`));

/** Sends a number; emits its answer, or `null` if the program ends instead. */
const ask = (number: number) =>
  defer(() => {
    console.log(`Sending: ${number}`);
    worker.send.next(number);
    return merge(answer$, exit$.pipe(map(() => null))).pipe(take(1));
  });

// One worker can have several lives, and its streams span them all.
for (let life = 1; life <= 2; life++) {
  worker.start();
  await from([0, 21, 42])
    .pipe(concatMap(ask))
    .forEach((answer) => console.log(`Data in main: ${answer}`));
}
