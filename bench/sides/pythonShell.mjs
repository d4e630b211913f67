// python-shell runs an interpreter with a script; here the script only runs the command.
import { fileURLToPath } from 'node:url';
import { PythonShell } from 'python-shell';

export function open(command, onLine) {
  const shell = new PythonShell('exec.sh', {
    pythonPath: '/bin/sh',
    scriptPath: fileURLToPath(new URL('../programs/', import.meta.url)),
    args: command,
  });
  shell.on('message', onLine);
  return {
    write: (line) => shell.send(line),
    end: () => shell.end(() => undefined),
    done: new Promise((resolve, reject) => {
      shell.on('close', resolve);
      shell.on('error', reject);
      shell.on('pythonError', reject);
    }),
  };
}
