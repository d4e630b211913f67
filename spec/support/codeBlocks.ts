import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

/** A piece of TypeScript in a document. */
export interface CodeBlock {
  /** The path of its file: next to its document, named by its first line (`// Service.ts`) or by its place. */
  readonly name: string;
  readonly text: string;
}

const root = resolve(__dirname, '../..');

/** The TypeScript in a document of this repository. */
export function codeBlocksOf(document: string): CodeBlock[] {
  const markdown = readFileSync(resolve(root, document), 'utf8');
  return [...markdown.matchAll(/^```ts\n(.*?)^```$/gms)].map(({ 1: text = '', index }) => {
    const line = markdown.slice(0, index).split('\n').length;
    const file = /^\/\/ ([\w.]+\.ts)\n/.exec(text)?.[1];
    return { name: file ? join(dirname(document), file) : `${document}:${String(line)}.ts`, text };
  });
}

/** The TypeScript in the documentation comments of the sources. */
export function examplesInSources(): CodeBlock[] {
  const files = readdirSync(resolve(root, 'src'), { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .flatMap((file) => {
      const name = `src/${file.replaceAll('\\', '/')}`;
      const source = readFileSync(resolve(root, name), 'utf8');
      return [...source.matchAll(/^( *\* )```ts\n(.*?)^\1```$/gms)].map(
        ({ 2: text = '', index }) => ({
          name: `${name}:${String(source.slice(0, index).split('\n').length)}.ts`,
          text: text.replaceAll(/^ *\* ?/gm, ''),
        }),
      );
    });
}

/**
 * Imports what a block uses of these modules, but what it declares or imports itself.
 *
 * @param modules - the names that each module exports; `type X` for a type.
 */
export function withImports(
  { name, text }: CodeBlock,
  modules: Readonly<Record<string, readonly string[]>>,
): CodeBlock {
  const isUsed = (word: string) => new RegExp(`(?<![\\w$])${escape(word)}(?![\\w$])`).test(text);
  const isDeclared = (word: string) =>
    new RegExp(`(const|let|function|class|interface) ${escape(word)}(?![\\w$])`).test(text);
  const imports = Object.entries(modules).map(([module, exported]) => {
    const missing = exported.filter((key) => {
      const word = key.replace('type ', '');
      return isUsed(word) && !isDeclared(word);
    });
    return text.includes(`from '${module}'`)
      ? ''
      : `import { ${missing.join(', ')} } from '${module}';`;
  });
  return { name, text: `${imports.join('')} ${text}` };
}

const escape = (name: string) => name.replaceAll('$', '\\$');

/** The names that a text of declarations exports, as `withImports` takes them. */
export const exportedBy = (declarations: string) =>
  [...declarations.matchAll(/^ *export (const|interface) ([\w$]+)/gm)].map(
    ({ 1: kind, 2: name = '' }) => (kind === 'interface' ? `type ${name}` : name),
  );

/**
 * Checks the types of code blocks, all in one program.
 *
 * @param others - further files that they may import: their paths and texts.
 * @returns the errors, one line each.
 */
export function typeErrorsIn(
  blocks: readonly CodeBlock[],
  others: Readonly<Record<string, string>> = {},
): string[] {
  const files = new Map([
    ...blocks.map(({ name, text }) => [resolve(root, name), `${text}\nexport {};`] as const),
    ...Object.entries(others).map(([name, text]) => [resolve(root, name), text] as const),
  ]);
  const { config } = ts.readConfigFile(resolve(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [] }, ts.sys, root);
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => files.has(path) || fileExists(path);
  host.readFile = (path) => files.get(path) ?? readFile(path);
  host.getSourceFile = (path, languageVersion, ...rest) => {
    const text = files.get(path);
    if (text === undefined) return getSourceFile(path, languageVersion, ...rest);
    return ts.createSourceFile(path, text, languageVersion);
  };
  const program = ts.createProgram([...files.keys()], options, host);
  return [...files.keys()].flatMap((path) => {
    const file = program.getSourceFile(path);
    const found = [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
    ];
    return found.map(({ messageText, start = 0 }) => {
      const line = file ? file.getLineAndCharacterOfPosition(start).line + 1 : 0;
      const message = ts.flattenDiagnosticMessageText(messageText, ' ');
      return `${relative(root, path)}, line ${line}: ${message}`;
    });
  });
}

/** The JavaScript of a code block, as a CommonJS module. */
export function toCommonJs({ text }: CodeBlock): string {
  const compilerOptions = {
    module: ts.ModuleKind.CommonJS,
    target: ts.ScriptTarget.ES2022,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
  };
  return ts.transpileModule(text, { compilerOptions }).outputText;
}
