import { readdirSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import ts from 'typescript';

/** A piece of TypeScript in a document. */
export interface CodeBlock {
  /** What its first line names, `// Service.ts`, or where it stands. */
  readonly name: string;
  readonly text: string;
}

const root = resolve(__dirname, '../..');

/** The TypeScript in a document of this repository. */
export function codeBlocksOf(document: string): CodeBlock[] {
  const markdown = readFileSync(resolve(root, document), 'utf8');
  return [...markdown.matchAll(/^```ts\n(.*?)^```$/gms)].map(({ 1: text = '', index }) => {
    const line = markdown.slice(0, index).split('\n').length;
    const name = /^\/\/ ([\w.]+\.ts)\n/.exec(text)?.[1] ?? `${document}:${String(line)}.ts`;
    return { name, text };
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

/** Imports what a block uses of these modules, of those from which it imports nothing itself. */
export function withImports(
  { name, text }: CodeBlock,
  modules: Readonly<Record<string, object>>,
): CodeBlock {
  const words = new Set(text.match(/[\w$]+/g));
  const imports = Object.entries(modules).map(([module, exported]) => {
    const used = text.includes(`from '${module}'`)
      ? []
      : Object.keys(exported).filter((key) => words.has(key));
    return `import { ${used.join(', ')} } from '${module}';`;
  });
  return { name, text: `${imports.join('')} ${text}` };
}

/**
 * Checks the types of code blocks, as if they were files next to their document.
 *
 * @param ambient - declarations that hold in all of them.
 * @returns what is wrong, one line each.
 */
export function typeErrorsIn(
  document: string,
  blocks: readonly CodeBlock[],
  ambient = '',
): string[] {
  const folder = dirname(resolve(root, document));
  const named = blocks.map(({ name, text }) => [name, `${text}\nexport {};`] as const);
  const files = new Map(
    [...named, ['ambient.d.ts', ambient] as const].map(([name, text]) => [
      resolve(folder, name.replaceAll('/', ' ')),
      text,
    ]),
  );
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
      return `${path.slice(folder.length + 1)}, line ${line}: ${message}`;
    });
  });
}

/** The JavaScript of a code block, as a CommonJS module. */
export function toCommonJs({ text }: CodeBlock): string {
  const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 };
  return ts.transpileModule(text, { compilerOptions }).outputText;
}
