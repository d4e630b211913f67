import { closeSync, openSync, readSync } from 'node:fs';
import { batchCommand, type WindowsCommand } from './batchFile.js';
import { findProgram } from './findProgram.js';
import type { LaunchPlan } from './Program.js';

/** More than a first line needs. */
const FIRST_LINE_BYTES = 256;

/** The part of a plan that matters here. */
type Plan = Pick<LaunchPlan, 'command' | 'cwd' | 'env' | 'argv0'>;

/**
 * Finds out how Windows starts a command: an executable by itself, a batch file by cmd.exe, a script by the
 * interpreter that its first line (`#!`) names. A name that is not found never reaches cmd.exe, whose own commands
 * (del, echo, start) would run instead.
 *
 * @throws Error with the code `ENOENT` if there is no such program, `EACCES` if the file is none of these, or the
 * error of {@link batchCommand}.
 */
export function windowsCommand(plan: Plan): WindowsCommand {
  const [name = '', ...args] = plan.command;
  const file = findProgram(name, plan);
  if (file === undefined) throw failure(name, 'ENOENT');
  if (isExecutable(file)) return executable(file, plan);
  const [interpreter, ...options] = interpreterOf(file);
  if (interpreter === undefined) throw failure(name, 'EACCES');
  const found = findProgram(interpreter, plan);
  if (found === undefined || !isExecutable(found)) throw failure(interpreter, 'ENOENT');
  return executable(found, { ...plan, command: [interpreter, ...options, file, ...args] });
}

const isExecutable = (file: string): boolean => /\.(com|exe|bat|cmd)$/i.test(file);

function executable(file: string, plan: Plan): WindowsCommand {
  const [name = '', ...args] = plan.command;
  if (/\.(bat|cmd)$/i.test(file)) return batchCommand(file, args);
  return { file, args, argv0: plan.argv0 ?? name };
}

/** The words after `#!`. The interpreter is a path of POSIX: its last part is looked up on the PATH. */
function interpreterOf(file: string): string[] {
  const words = /^#!(.*)/.exec(beginningOf(file))?.[1]?.trim().split(/\s+/) ?? [];
  const [name = '', ...options] = words.map((word, i) =>
    i === 0 ? word.replace(/.*\//, '') : word,
  );
  if (name === 'env') return options[0] === '-S' ? options.slice(1) : options;
  return name === '' ? [] : [name, ...options];
}

function beginningOf(file: string): string {
  const bytes = Buffer.alloc(FIRST_LINE_BYTES);
  const descriptor = openSync(file, 'r');
  try {
    return bytes.toString('utf8', 0, readSync(descriptor, bytes));
  } finally {
    closeSync(descriptor);
  }
}

function failure(name: string, code: string): Error {
  return Object.assign(new Error(`spawn ${name} ${code}`), { code });
}
