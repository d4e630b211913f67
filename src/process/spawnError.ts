import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { codeOf, messageOf, SpawnError } from '../contract/errors.js';
import type { LaunchPlan } from './Program.js';

type Place = Pick<LaunchPlan, 'cwd' | 'env'>;

/** Makes an error that names the cause of a refused start (command, `cwd` or `env`) as far as it can be known. */
export function toSpawnError(plan: LaunchPlan, error: unknown): SpawnError {
  return new SpawnError(plan.command, reasonOf(plan, error), error);
}

function reasonOf({ command: [file = ''], cwd, env }: LaunchPlan, error: unknown): string {
  const code = codeOf(error);
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') {
    if (cwd !== undefined && kindOfFile(cwd) !== 'directory') {
      return `cwd "${cwd}" ${kindOfFile(cwd) ? 'is not a directory' : 'does not exist'} (${code})`;
    }
    return `${aboutFile(file, code, { cwd, env })} (${code})`;
  }
  switch (code) {
    case 'E2BIG':
      return 'its arguments and env are longer than the system allows (E2BIG)';
    case 'ENAMETOOLONG':
      return 'its arguments, or a path, are longer than the system allows (ENAMETOOLONG)';
    case 'EAGAIN':
      return 'the system has no process to spare (EAGAIN)';
    case 'EMFILE':
    case 'ENFILE':
      return `too many files are open (${code})`;
    default:
      return messageOf(error);
  }
}

function aboutFile(file: string, code: string, { cwd = '', env }: Place): string {
  if (!/[\\/]/.test(file)) {
    if (code === 'EACCES') return 'what PATH finds is not executable';
    return env ? 'not found on the PATH of the given env' : 'not found on the PATH';
  }
  const kind = kindOfFile(resolve(cwd, file));
  if (kind === 'directory') return 'it is a directory';
  if (code === 'EACCES') return 'it is not executable';
  return kind ? 'the interpreter that its first line names does not exist' : 'no such file';
}

function kindOfFile(path: string): 'directory' | 'other' | undefined {
  try {
    return statSync(path).isDirectory() ? 'directory' : 'other';
  } catch {
    return undefined;
  }
}
