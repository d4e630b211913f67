// node:readline, iterated over.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export function open([file, ...args], onLine) {
  const child = spawn(file, args);
  child.stderr.resume();
  const read = async () => {
    for await (const line of createInterface({ input: child.stdout })) onLine(line);
  };
  return {
    write: (line) => child.stdin.write(`${line}\n`),
    end: () => child.stdin.end(),
    done: read(),
  };
}
