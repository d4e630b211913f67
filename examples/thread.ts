// A thread uses a program of the main thread: the same worker, over a MessagePort.
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, type MessagePort } from 'node:worker_threads';
import { lastValueFrom, map, take } from 'rxjs';
import { createWorker } from 'simple-ipc';
import { createHost, expose, portLine, type RemoteOf } from 'simple-ipc/host';
import { connectWorker, portLink } from 'simple-ipc/remote';

const doubler = `require('node:readline').createInterface({ input: process.stdin })
  .on('line', (line) => console.log(line * 2))`;

/** The program, and what of it is for threads: its status, its output, and one request. */
function startDoubler() {
  const worker = createWorker([process.execPath, '-e', doubler]);
  const double = { reply: take<string>(1), timeoutMs: 10_000 };
  return { worker, exposed: expose(worker, { exchanges: { double } }) };
}
type Doubler = RemoteOf<ReturnType<typeof startDoubler>['exposed']>;

// A thread of this file, which tsx has to translate. What is built needs no more than `new Worker('./thread.js')`.
const boot = `import(${JSON.stringify(import.meta.resolve('tsx/esm/api'))}).then(({ register }) => register())
  .then(() => import(${JSON.stringify(import.meta.url)}))`;

async function runHost(): Promise<void> {
  const { worker, exposed } = startDoubler();
  const host = createHost({ workers: { doubler: exposed }, authorize: () => ({ id: 'thread' }) });
  const threads = [1, 2].map(() => {
    const thread = new Worker(boot, { eval: true });
    return thread.on('message', (port: MessagePort) => host.accept(portLine(port)));
  });
  await Promise.all(threads.map((thread) => once(thread, 'exit')));
  console.log(`The program is ${worker.status$.value.state}: the threads only hung up.`);
  await host.close();
  await worker.stop();
}

async function runThread(): Promise<void> {
  const link = portLink(() => {
    const { port1, port2 } = new MessageChannel();
    parentPort?.postMessage(port2, [port2]);
    return port1;
  });
  const remote: Doubler = connectWorker('doubler', { link });
  const replies = [20, 21].map((n) =>
    lastValueFrom(remote.ask('double', n).pipe(map((reply) => Number(reply)))),
  );
  console.log(`Doubled in a thread: ${(await Promise.all(replies)).join(' and ')}`);
  remote.close();
}

await (isMainThread ? runHost() : runThread());
