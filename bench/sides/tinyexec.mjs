import { x } from 'tinyexec';

export function open([file, ...args], onLine) {
  const program = x(file, args);
  const read = async () => {
    for await (const line of program) onLine(line);
  };
  return {
    write: (line) => program.process.stdin.write(`${line}\n`),
    end: () => program.process.stdin.end(),
    done: read(),
  };
}
