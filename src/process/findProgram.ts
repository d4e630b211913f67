import { lstatSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { LaunchPlan } from './Program.js';

/** The extensions that Windows adds to the name of a program, in its own order. */
const EXTENSIONS = ['.COM', '.EXE', '.BAT', '.CMD'];

/**
 * Finds a program on Windows: a path relative to `cwd`, with or without its extension, or a bare name on the `PATH`
 * of `env`. Unlike cmd.exe it does not look for a bare name in the current directory, as no other system does.
 *
 * @returns its whole path, or `undefined` if there is none.
 */
export function findProgram(
  name: string,
  { cwd = '', env = process.env }: Pick<LaunchPlan, 'cwd' | 'env'>,
): string | undefined {
  const isPath = /[\\/:]/.test(name);
  const folders = isPath ? [''] : foldersOf(valueOf(env, 'PATH') ?? process.env.PATH ?? '');
  const paths = folders.map((folder) => resolve(cwd, folder, name));
  // A name may already have its extension. A script without one comes last, as beside `npm` there is `npm.cmd`.
  const withExtension = paths.flatMap((path) => [
    ...(isRunnable(path) ? [path] : []),
    ...EXTENSIONS.map((extension) => path + extension),
  ]);
  return [...withExtension, ...paths].find(isFile);
}

const isRunnable = (path: string): boolean =>
  EXTENSIONS.some((extension) => path.toUpperCase().endsWith(extension));

function foldersOf(path: string): string[] {
  const folders = path.split(';').map((folder) => folder.replace(/^"(.*)"$/, '$1'));
  return folders.filter((folder) => folder !== '');
}

/** Names of variables have no case on Windows; of several Node passes on the first in the order of their names. */
function valueOf(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const key = Object.keys(env)
    .sort()
    .find((each) => each.toUpperCase() === name);
  return key === undefined ? undefined : env[key];
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return isAlias(path);
  }
}

/** An alias of a program from the Microsoft Store is shown as a link that cannot be followed; it can be started. */
function isAlias(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}
