// node:readline, its 'line' event.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export function open([file, ...args], onLine) {
  const child = spawn(file, args);
  const reader = createInterface({ input: child.stdout });
  reader.on('line', onLine);
  child.stderr.resume();
  return {
    write: (line) => child.stdin.write(`${line}\n`),
    end: () => child.stdin.end(),
    done: Promise.all([once(reader, 'close'), once(child, 'close')]),
  };
}
