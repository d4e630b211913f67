// rxjs-shell emits chunks, as bytes, and hands out the process itself to write to.
import { spawn } from 'rxjs-shell';
import { splitter } from './splitter.mjs';

export function open([file, ...args], onLine) {
  const split = splitter(onLine);
  let child;
  const done = new Promise((resolve, reject) => {
    spawn(file, args, {}, (started) => (child = started)).subscribe({
      next: ({ type, chunk }) => {
        if (type === 'stdout') split.write(chunk);
      },
      error: reject,
      complete: resolve,
    });
  });
  return {
    write: (line) => child.stdin.write(`${line}\n`),
    end: () => child.stdin.end(),
    done: done.then(split.end),
  };
}
