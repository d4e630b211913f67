// Kills a program and shows how its worker restarts it, and that what was sent meanwhile is answered.
import { fileURLToPath } from 'node:url';
import { filter, firstValueFrom } from 'rxjs';
import { createWorker, restartOnExit } from 'simple-ipc';

const program = fileURLToPath(new URL('../fixtures/program.mjs', import.meta.url));
const worker = createWorker([process.execPath, program], {
  supervise: restartOnExit({ delayMs: 1_000, jitter: false }),
});

worker.status$.subscribe((status) => {
  if (status.state === 'exited') console.log(`exited (${status.exit.signal})`);
  else if (status.state === 'backoff') console.log(`backoff (${status.delayMs} ms)`);
  else console.log(status.state);
});

const answer$ = worker.output$.pipe(filter((line) => line !== ''));
answer$.subscribe((answer) => console.log(`  Received: ${answer}`));

/** Sends a number, whatever the state. */
async function talk(number: number): Promise<void> {
  const answer = firstValueFrom(answer$);
  console.log(`  Sending: ${number}`);
  worker.send.next(number);
  await answer;
}

await talk(20);
const status = worker.status$.value;
if (status.state === 'running') process.kill(status.pid, 'SIGKILL');
await firstValueFrom(worker.status$.pipe(filter(({ state }) => state === 'backoff')));
await talk(21); // Waits for the next run.
await worker.stop();
