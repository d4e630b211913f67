// spawn-rx emits chunks, as text.
import { Subject } from 'rxjs';
import { spawn } from 'spawn-rx';
import { splitter } from './splitter.mjs';

export function open([file, ...args], onLine) {
  const stdin = new Subject();
  const split = splitter(onLine);
  const done = new Promise((resolve, reject) => {
    spawn(file, args, { stdin }).subscribe({ next: split.write, error: reject, complete: resolve });
  });
  return {
    write: (line) => stdin.next(`${line}\n`),
    end: () => stdin.complete(),
    done: done.then(split.end),
  };
}
