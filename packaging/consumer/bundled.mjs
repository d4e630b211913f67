// What is bundled into one file: it starts a program, and ends.
import { firstValueFrom } from 'rxjs';
import { createWorker } from 'simple-ipc';

const worker = createWorker([process.execPath, '-p', '6 * 7']);
firstValueFrom(worker.output$).then(async (line) => {
  await worker[Symbol.asyncDispose]();
  console.log(line);
});
