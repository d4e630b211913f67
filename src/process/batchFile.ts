/** How Windows starts a program. */
export interface WindowsCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** The name that the program finds as its own, if not `file`. */
  readonly argv0?: string;
  /** Whether the arguments are already escaped. */
  readonly windowsVerbatimArguments?: boolean;
}

/** The shims that npm makes for a project's own programs: they pass all arguments on, as `%*`. */
const NPM_SHIM = /node_modules[\\/].bin[\\/][^\\/]+\.cmd$/i;

/** Parts of an argument that carets do not protect. */
const DANGERS = [
  // Ends the command.
  ['a line break', /[\r\n]/],
  // Variables are replaced before carets are read. The name ends at the colon; without one it would end with
  // a caret, and no variable has such a name.
  ['a colon between percent signs', /%[^%]*:[^%]*%/],
] as const;

/** The longest line that cmd.exe reads. */
const MAX_LINE = 8_191;

/**
 * Has cmd.exe run a batch file (`.cmd`, `.bat`), as Windows requires, without it interpreting any part of the
 * arguments: each is quoted for the C run-time, and a caret precedes all that may mean something to cmd.exe. That
 * does not protect everything, and what is left is refused. The arguments that a batch file passes on (`%*`) are
 * read again without the carets; a quote would end the quotes around it, except in npm's shims, for which all
 * is escaped twice.
 *
 * @see "Parsing C command-line arguments" in Microsoft's C documentation, and `cmd /?`.
 * @throws Error that names the danger; with the code `ENAMETOOLONG` if the line is too long.
 */
export function batchCommand(path: string, args: readonly string[]): WindowsCommand {
  const isNpmShim = NPM_SHIM.test(path);
  const dangers = isNpmShim ? DANGERS : [...DANGERS, ['a quote', /"/] as const];
  // Arguments cannot contain a NUL.
  const danger = dangers.find(([, pattern]) => pattern.test([path, ...args].join('\0')));
  if (danger) {
    throw new Error(
      `Windows has cmd.exe run it, which ${danger[0]} in the arguments could mislead; run the program that it starts instead`,
    );
  }
  const words = args.map(quote).map(isNpmShim ? (word) => escape(escape(word)) : escape);
  const line = [escape(path), ...words].join(' ');
  const file = `${process.env.SystemRoot ?? 'C:\\Windows'}\\System32\\cmd.exe`;
  // No autorun, no delayed expansion (`!NAME!`); of the rest only the outermost quotes are taken off.
  const flags = ['/d', '/v:off', '/s', '/c', `"${line}"`];
  if ([file, ...flags].join(' ').length > MAX_LINE) {
    throw Object.assign(new Error(`spawn ${path} ENAMETOOLONG`), { code: 'ENAMETOOLONG' });
  }
  return { file, args: flags, windowsVerbatimArguments: true };
}

/** Quotes an argument: backslashes before a quote are doubled, and one precedes a quote inside. */
function quote(arg: string): string {
  const inner = arg.replace(/\\+|"/g, (part, at: number) => {
    if (part === '"') return '\\"';
    const next = arg[at + part.length];
    return next === '"' || next === undefined ? part + part : part;
  });
  return `"${inner}"`;
}

/** Puts a caret before everything but what means nothing to cmd.exe. */
function escape(text: string): string {
  return text.replace(/[^\w\\:./-]/gu, '^$&');
}
