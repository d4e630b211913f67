import { spawn } from 'node:child_process';
import { once } from 'node:events';
import split from 'split2';

export function open([file, ...args], onLine) {
  const child = spawn(file, args);
  child.stderr.resume();
  return {
    write: (line) => child.stdin.write(`${line}\n`),
    end: () => child.stdin.end(),
    done: once(child.stdout.pipe(split()).on('data', onLine), 'end'),
  };
}
