import type { SpawnOptions } from 'node:child_process';
import spawn from 'cross-spawn';

/** The result of cross-spawn's own parsing, which its types do not include. */
interface Parsed {
  /** The path of the program, if it was found. */
  readonly file?: string;
  readonly options: SpawnOptions;
}
type Parse = (file: string, args: readonly string[], options: SpawnOptions) => Parsed;
const { _parse: parse } = spawn as unknown as { readonly _parse: Parse };

/** The shims that npm makes for a project's own programs: cross-spawn escapes their arguments twice. */
const NPM_SHIM = /node_modules[\\/].bin[\\/][^\\/]+\.cmd$/i;

/** Parts of an argument that carets do not protect. */
const DANGERS = [
  // Ends the command.
  ['a line break', /[\r\n]/],
  // Variables are replaced before carets are read. The name ends at the colon; without one it would end with
  // a caret, and no variable has such a name.
  ['a colon between percent signs', /%[^%]*:[^%]*%/],
  // cross-spawn 7.0.6 doubles only the last of them.
  ['several backslashes before a quote or at the end', /\\\\("|\0|$)/],
] as const;

/**
 * Refuses arguments that would not reach a batch file unchanged. On Windows cmd.exe runs `.cmd` and `.bat`
 * files, and cross-spawn puts a caret before each of its metacharacters. That does not protect everything, and
 * the arguments that a batch file passes on (`%*`) are read again without the carets: a quote then ends the
 * quotes around it.
 *
 * @throws Error that names the danger.
 */
export function checkBatchFile(file: string, args: readonly string[], options: SpawnOptions): void {
  const parsed = parse(file, args, options);
  // Set by cross-spawn for commands that cmd.exe runs, and for those alone.
  if (!parsed.options.windowsVerbatimArguments) return;
  // Arguments cannot contain a NUL.
  const words = [file, ...args].join('\0');
  const isNpmShim = NPM_SHIM.test(parsed.file ?? '');
  const dangers = isNpmShim ? DANGERS : [...DANGERS, ['a quote', /"/] as const];
  const danger = dangers.find(([, pattern]) => pattern.test(words));
  if (!danger) return;
  // cmd.exe has commands of its own (dir, echo), but it would mostly say that there is no such program.
  if (!parsed.file) throw Object.assign(new Error(`spawn ${file} ENOENT`), { code: 'ENOENT' });
  throw new Error(
    `Windows has cmd.exe run it, which ${danger[0]} in the arguments could mislead; run the program that it starts instead`,
  );
}
