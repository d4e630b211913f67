import type { SpawnOptions } from 'node:child_process';
import spawn from 'cross-spawn';

/** What cross-spawn finds out before it starts a program; its types do not tell of it. */
interface Parsed {
  /** Where the program is, if it is found. */
  readonly file?: string;
  readonly options: SpawnOptions;
}
type Parse = (file: string, args: readonly string[], options: SpawnOptions) => Parsed;
const { _parse: parse } = spawn as unknown as { readonly _parse: Parse };

/** The shims that npm makes for a project's own programs: for them, cross-spawn escapes twice. */
const READ_TWICE = /node_modules[\\/].bin[\\/][^\\/]+\.cmd$/i;

/** What may be in an argument that is safe with carets, and yet does not arrive. */
const DANGERS = [
  // It ends the command.
  ['a line break', /[\r\n]/],
  // Variables are replaced before carets are looked at. The name ends at the colon; otherwise it would end
  // with a caret, and no variable has such a name.
  ['a colon between percent signs', /%[^%]*:[^%]*%/],
  // cross-spawn 7.0.6 doubles only the last of them.
  ['several backslashes before a quote or at the end', /\\\\("|\0|$)/],
] as const;

/**
 * Refuses what would not reach a batch file as it is. On Windows `.cmd` and `.bat` are run by cmd.exe, and
 * cross-spawn puts a caret before all that means something to it. That does not help against everything,
 * and what a batch file passes on (`%*`) is read anew, without the carets: a quote ends the quotes around it.
 *
 * @throws Error that says which.
 */
export function checkBatchFile(file: string, args: readonly string[], options: SpawnOptions): void {
  const parsed = parse(file, args, options);
  // Only what cmd.exe runs is passed on verbatim.
  if (!parsed.options.windowsVerbatimArguments) return;
  // No argument has a NUL.
  const words = [file, ...args].join('\0');
  const isReadTwice = READ_TWICE.test(parsed.file ?? '');
  const dangers = isReadTwice ? DANGERS : [...DANGERS, ['a quote', /"/] as const];
  const danger = dangers.find(([, pattern]) => pattern.test(words));
  if (!danger) return;
  // cmd.exe has commands of its own (dir, echo), but it would mostly say that there is no such program.
  if (!parsed.file) throw Object.assign(new Error(`spawn ${file} ENOENT`), { code: 'ENOENT' });
  throw new Error(
    `Windows has cmd.exe run it, which ${danger[0]} in the arguments could mislead; run the program that it starts instead`,
  );
}
