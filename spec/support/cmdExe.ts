/** The result of reading a line as cmd.exe does: the text that it passes on, and the parts that it would interpret. */
export interface CmdReading {
  readonly text: string;
  /** Characters that were neither escaped by a caret nor inside of quotes, and mean something to cmd. */
  readonly active: readonly string[];
}

/** Characters that separate, redirect, group or begin a command. */
const OPERATORS = '&|<>()\n\r';

/**
 * A model of how cmd.exe reads a line, written from what is known of it, not from what escapes for it.
 * First of all, variables are replaced, where neither quotes nor carets protect. Then a caret outside of
 * quotes makes the next character plain, and is gone; a quote that is not escaped turns quoting on or off,
 * in which all but the quote itself is plain. (Exclamation marks are plain: without `/v:on`, or a batch
 * file that asks for it, there is no delayed expansion.)
 *
 * @param inserted - whether the line is what a batch file has inserted as `%*`: variables in it are not
 * replaced again.
 */
export function readByCmd(line: string, inserted = false): CmdReading {
  let text = '';
  let isQuoted = false;
  const active = inserted ? [] : variablesIn(line);
  for (let at = 0; at < line.length; at++) {
    const char = line[at] ?? '';
    if (char === '^' && !isQuoted) {
      at++;
      text += line[at] ?? '';
      // A caret at the end of a line continues it: more would be read.
      if (at >= line.length || line[at] === '\n') active.push('^');
      continue;
    }
    if (char === '"') isQuoted = !isQuoted;
    else if (!isQuoted && OPERATORS.includes(char)) active.push(char);
    text += char;
  }
  return { text, active };
}

/**
 * The text between two neighbouring percent signs: cmd replaces it if a variable has the name, which
 * ends at a colon. (No variable has a name that ends with a caret.)
 */
function variablesIn(line: string): string[] {
  const parts = line.split('%').slice(1, -1);
  return parts.filter((part) => !part.replace(/:[^]*/, '').endsWith('^'));
}

/**
 * The command that cmd.exe runs for its arguments `/d /v:off /s /c "…"`: with /s the first quote and the last are taken
 * off, and nothing else.
 */
export function commandOfCmd(args: readonly string[]): string {
  const at = args.indexOf('/c') + 1;
  const [flags, rest] = [args.slice(0, at), args.slice(at)];
  const quoted = /^"([^]*)"$/.exec(rest.join(' '))?.[1];
  if (!/^\/d (\/v:off )?\/s \/c$/.test(flags.join(' ')) || quoted === undefined) {
    throw new Error(`not as it should be called: ${args.join(' ')}`);
  }
  return quoted;
}

/**
 * The arguments that a program finds in its command line, by the rules of Microsoft's C run-time: white
 * space separates, quotes hold together, 2n backslashes before a quote are n, one more makes the
 * quote plain, and `""` inside of quotes is a quote.
 */
export function argvOf(line: string): string[] {
  const args: string[] = [];
  let word: string | undefined;
  let isQuoted = false;
  for (let at = 0; at < line.length; at++) {
    const backslashes = /^\\*/.exec(line.slice(at))?.[0].length ?? 0;
    at += backslashes;
    const char = line[at];
    if (char === '"') {
      word = (word ?? '') + '\\'.repeat(backslashes >> 1);
      if (backslashes % 2 === 1) word += '"';
      else if (isQuoted && line[at + 1] === '"') word += line[++at] ?? '';
      else isQuoted = !isQuoted;
      continue;
    }
    if (backslashes > 0) word = (word ?? '') + '\\'.repeat(backslashes);
    if (char === undefined) break;
    if (isQuoted || !' \t'.includes(char)) {
      word = (word ?? '') + char;
    } else if (word !== undefined) {
      args.push(word);
      word = undefined;
    }
  }
  return word === undefined ? args : [...args, word];
}
