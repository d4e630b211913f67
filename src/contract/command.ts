import { kindOf } from './check.js';

/**
 * A program and its arguments, as data: a string, split at white space (no quotes, no escapes, never a shell), or a
 * list whose items may hold anything but NUL.
 */
export type Command = string | readonly string[];

/** The base name of the executable, without what Windows adds. */
export function nameOf([file = '']: readonly string[]): string {
  return file.replace(/^.*[\\/](?=.)/s, '').replace(/\.(exe|com|cmd|bat)$/i, '');
}

/**
 * Reads a command into its words.
 *
 * @returns The program and its arguments.
 * @throws TypeError if the command is not one: empty, not text, with a NUL character in it, or a string with quotes.
 */
export function parseCommand(command: Command): readonly [string, ...string[]] {
  if (typeof command === 'string') checkUnquoted(command);
  const words: unknown = typeof command === 'string' ? command.trim().split(/\s+/) : command;
  if (!Array.isArray(words)) {
    throw new TypeError(`command must be a string or a list of strings, not ${kindOf(words)}`);
  }
  const [file, ...args] = Array.from(words, (word: unknown, index) => {
    if (typeof word !== 'string') {
      throw new TypeError(`command[${index}] must be a string, not ${kindOf(word)}`);
    }
    if (word.includes('\0')) {
      throw new TypeError(`command[${index}] contains a NUL character`);
    }
    return word;
  });
  if (!file) throw new TypeError('command is empty: the first word must name a program');
  return [file, ...args];
}

/** @throws TypeError if quotes are meant to keep words together, with the list that does. */
function checkUnquoted(command: string): void {
  if (!/(^|[\s=])["']/.test(command)) return;
  const words = command.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+|\S/g) ?? [];
  const list = words.map((word) => JSON.stringify(word.replace(/"([^"]*)"|'([^']*)'/g, '$1$2')));
  throw new TypeError(
    `command is split at white space, and quotes are not understood: pass a list, [${list.join(', ')}]`,
  );
}
