import { spawnSync } from 'node:child_process';
import * as rxjs from 'rxjs';
import * as simpleIpc from 'simple-ipc';
import * as imperative from 'simple-ipc/imperative';
import * as testing from 'simple-ipc/testing';
import { examplesInSources, toCommonJs, typeErrorsIn, withImports } from './support/codeBlocks.js';
import { eventually } from './support/programs.js';

/** What the examples take for granted. */
const PRELUDE = `
import type { Observable, VirtualTimeScheduler } from 'rxjs';
import type { ReactiveWorker, WorkerOptions } from 'simple-ipc';
declare global {
  interface Message { readonly id: number }
  interface Request { readonly method: string }
  interface Reply { readonly result: unknown }
  const query$: Observable<string>;
  const positions$: Observable<string>;
  const documents$: Observable<string>;
  const requests$: Observable<Message>;
  const engine: ReactiveWorker<string, string>;
  const worker: ReactiveWorker;
  const server: ReactiveWorker<Message, Message>;
  const database: { insert(line: string): Promise<number> };
  const readLines: () => AsyncIterable<string>;
  const file: string;
  const scheduler: VirtualTimeScheduler;
  const EngineService: new (options: WorkerOptions) => object;
}`;

const modules = {
  rxjs,
  'simple-ipc': simpleIpc,
  'simple-ipc/imperative': imperative,
  'simple-ipc/testing': testing,
};
const examples = examplesInSources().map((example) => withImports(example, modules));
const exampleOf = (file: string) => examples.find(({ name }) => name.startsWith(`${file}:`))!;

/** Runs an example to its end, and until it has printed so many lines. */
async function run(file: string, lines: number): Promise<string[]> {
  const printed: string[] = [];
  const console = { log: (line: unknown) => printed.push(String(line)) };
  const script = `return (async () => { ${toCommonJs(exampleOf(file))} })();`;
  // In this realm, where the programs are ended after the test.
  // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call
  await new Function('require', 'exports', 'console', 'scheduler', script)(
    (path: keyof typeof modules) => modules[path],
    {},
    console,
    new rxjs.VirtualTimeScheduler(),
  );
  await eventually(() => printed.length >= lines);
  return printed;
}

const itWith = (program: string) =>
  spawnSync(program, { input: '', timeout: 10_000 }).error ? it.skip : it;

describe('the examples in the documentation of the sources', () => {
  it('are there: one for each function and class of the public entries', () => {
    const shown = examples.map(({ text }) => text).join('\n');
    const isError = (name: string) => name.endsWith('Error');
    const names = Object.values(modules)
      .slice(1)
      .flatMap((module) => Object.keys(module));
    expect(
      names.filter((name) => !isError(name) && !new RegExp(`${name}[(<]`).test(shown)),
    ).toEqual([]);
  });

  it('have no type errors', () => {
    expect(typeErrorsIn('README.md', examples, PRELUDE)).toEqual([]);
  });

  describe('print what they say:', () => {
    afterEach(() => jest.restoreAllMocks());

    itWith('bc')('createWorker', async () => {
      expect(await run('src/worker/createWorker.ts', 1)).toEqual(['42']);
    });

    itWith('bc')('the Worker of simple-ipc/imperative', async () => {
      jest.spyOn(console, 'log').mockImplementation();
      expect(await run('src/imperative.ts', 1)).toEqual(['42']);
    });

    it('through', async () => {
      expect(await run('src/life/through.ts', 2)).toEqual(['a', 'b']);
    });

    it('fakeProgram', async () => {
      expect(await run('src/testing/fakeProgram.ts', 1)).toEqual(['42']);
    });
  });
});
