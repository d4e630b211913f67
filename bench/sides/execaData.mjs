// execa, its stdout taken as chunks.
import { execa } from 'execa';
import { splitter } from './splitter.mjs';

export function open([file, ...args], onLine) {
  const program = execa(file, args, { buffer: false });
  const split = splitter(onLine);
  program.stdout.on('data', split.write);
  return {
    write: (line) => program.stdin.write(`${line}\n`),
    end: () => program.stdin.end(),
    done: program.then(split.end),
  };
}
