// The page: the calculator of the main process, as if it ran here.
import { concatMap, from, map } from 'rxjs';
import { connectWorker, portLink } from 'simple-ipc/remote';
import type { Calculator } from './main.js';

const link = portLink(() => {
  const { port1, port2 } = new MessageChannel();
  window.postMessage('workers', '*', [port2]); // The preload script passes it on.
  return port1;
});
const calculator: Calculator = connectWorker('calculator', { link });

const output = document.querySelector('output');
from(['6 * 7', '2 ^ 64', 'quit'])
  .pipe(concatMap((sum) => calculator.ask('evaluate', sum).pipe(map((reply) => [sum, reply]))))
  .subscribe({
    next: ([sum, reply]) => output?.append(`${sum} = ${reply}\n`),
    error: (error: unknown) => output?.append(`${String(error)}\n`),
  });
addEventListener('unload', () => calculator.close());
