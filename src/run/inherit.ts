import { string } from '../contract/check.js';

/**
 * The names of the environment variables that hold no secrets and that most programs need on this platform: the
 * list of the official client of the Model Context Protocol, which starts servers with these alone.
 *
 * @see {@link inherit}
 */
export const SAFE_ENV: readonly string[] =
  process.platform === 'win32'
    ? [
        'APPDATA',
        'HOMEDRIVE',
        'HOMEPATH',
        'LOCALAPPDATA',
        'PATH',
        'PROCESSOR_ARCHITECTURE',
        'SYSTEMDRIVE',
        'SYSTEMROOT',
        'TEMP',
        'USERNAME',
        'USERPROFILE',
        'PROGRAMFILES',
      ]
    : ['HOME', 'LOGNAME', 'PATH', 'SHELL', 'TERM', 'USER'];

/**
 * Makes an environment of the host's variables that are named, and of nothing else, so that a program does not get
 * every secret of its host. It is read at the call; what the host does not have is left out. (On Windows, Node adds
 * the variables without which no program starts there, such as `SystemRoot`.)
 *
 * @example
 * ```ts
 * createWorker('python3 -u score.py', { env: inherit('PATH', 'LANG') });
 *
 * const env = { ...inherit(...SAFE_ENV), API_TOKEN: 'a secret of its own' };
 * createWorker(['npx', 'somebody-elses-server'], { env });
 * ```
 *
 * @param names - the variables. On Windows their case does not matter.
 * @returns an environment, for the option `env`.
 * @throws TypeError if a name is not text, is empty, or contains `=` or NUL.
 * @see {@link SAFE_ENV}
 */
export function inherit(...names: readonly string[]): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [index, name] of names.entries()) {
    string(`names[${index}]`, name);
    if (!/^[^=\0]+$/.test(name)) {
      throw new TypeError(`names[${index}] is no name of a variable: ${JSON.stringify(name)}`);
    }
    const value = process.env[name];
    // Not so for what `process.env` inherits from `Object.prototype`.
    if (typeof value === 'string') env[name] = value;
  }
  return env;
}
