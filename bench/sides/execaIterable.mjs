// execa, its lines iterated over.
import { execa } from 'execa';

export function open([file, ...args], onLine) {
  const program = execa(file, args, { buffer: false });
  const read = async () => {
    for await (const line of program) onLine(line);
  };
  return {
    write: (line) => program.stdin.write(`${line}\n`),
    end: () => program.stdin.end(),
    done: read(),
  };
}
