// node:child_process and the usual few lines that make lines of its chunks.
import { closed, spawn } from './raw.mjs';
import { splitter } from './splitter.mjs';

export function open(command, onLine) {
  const child = spawn(...command);
  const split = splitter(onLine);
  child.stdout.on('data', split.write);
  return {
    write: (line) => child.stdin.write(`${line}\n`),
    end: () => child.stdin.end(),
    done: closed(child).then(split.end),
  };
}
