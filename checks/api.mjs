// npm run api [-- --update]
// Compares the public types with those in checks/api, one file per entry, so that each change is seen and meant.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import ts from 'typescript';
import { entries, moduleOf, root } from './entries.mjs';

const folder = `${root}checks/api`;
const isUpdate = process.argv.includes('--update');
const printer = ts.createPrinter({ removeComments: true });

const program = declarations();
const checker = program.getTypeChecker();
if (isUpdate) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
}
for (const entry of entries) check(`${folder}/${entry}.md`, entry);

function check(file, entry) {
  const now = `# ${moduleOf(entry)}\n\n\`\`\`ts\n${publicTypesOf(entry)}\n\`\`\`\n`;
  if (isUpdate) return writeFileSync(file, now);
  const before = readText(file);
  if (now === before) return console.log(`${moduleOf(entry)}: as in checks/api/${entry}.md`);
  process.exitCode = 1;
  console.error(`${moduleOf(entry)} differs from checks/api/${entry}.md:`);
  for (const [sign, from, to] of [
    ['-', before, now],
    ['+', now, before],
  ]) {
    const known = new Set(to.split('\n'));
    for (const line of from.split('\n')) if (!known.has(line)) console.error(`  ${sign} ${line}`);
  }
  console.error('Is it meant? Then `npm run api -- --update`, and a line in the changelog.');
}

/** The declarations of the sources, as `tsc` makes them, in memory. */
function declarations() {
  const { config } = ts.readConfigFile(`${root}tsconfig.build.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [] }, ts.sys, root);
  const files = new Map();
  const sources = entries.map((entry) => `${root}src/${entry}.ts`);
  ts.createProgram(sources, options).emit(
    undefined,
    (path, text) => files.set(path.replace('/dist/esm/', '/src/'), text),
    undefined,
    true,
  );
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  // In place of the sources, and beside what these import from node_modules.
  host.fileExists = (path) => files.has(path) || (!isSource(path) && fileExists(path));
  host.readFile = (path) => files.get(path) ?? readFile(path);
  host.getSourceFile = (path, version, ...rest) =>
    files.has(path)
      ? ts.createSourceFile(path, files.get(path), version, true)
      : getSourceFile(path, version, ...rest);
  const roots = entries.map((entry) => `${root}src/${entry}.d.ts`);
  return ts.createProgram(roots, { ...options, noEmit: true }, host);
}

function isSource(path) {
  return path.startsWith(`${root}src/`) && !path.endsWith('.d.ts');
}

/** All that an entry exports, by name, without comments and private members. */
function publicTypesOf(entry) {
  const module = checker.getSymbolAtLocation(program.getSourceFile(`${root}src/${entry}.d.ts`));
  return checker
    .getExportsOfModule(module)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(textOf)
    .join('\n\n');
}

function textOf(exported) {
  const symbol =
    exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
  return (symbol.declarations ?? [])
    .map((declaration) => {
      const file = declaration.getSourceFile();
      if (file.fileName.includes('/node_modules/')) return `export { ${exported.name} };`;
      const isConstant = ts.isVariableDeclaration(declaration);
      const node = isConstant ? declaration.parent.parent : declaration;
      const text = printer.printNode(ts.EmitHint.Unspecified, node, file);
      return text.replaceAll(/^\s+(#private|private .*);\n/gm, '');
    })
    .join('\n');
}

function readText(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
