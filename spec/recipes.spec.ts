import * as rxjs from 'rxjs';
import * as simpleIpc from 'simple-ipc';
import * as testing from 'simple-ipc/testing';
import { codeBlocksOf, toCommonJs, typeErrorsIn, withImports } from './support/codeBlocks.js';

/** What is imported from where it is not installed. */
const FRAMEWORKS = `
declare module '@nestjs/common' {
  export class Logger {
    constructor(context: string);
    warn(message: unknown): void;
  }
  export interface OnApplicationShutdown {
    onApplicationShutdown(): unknown;
  }
}
declare module '@angular/core' {
  export function Injectable(options: { providedIn: 'root' }): ClassDecorator;
  export abstract class DestroyRef {
    abstract onDestroy(callback: () => void): () => void;
  }
  export function inject<T>(token: abstract new () => T): T;
}
declare module '@angular/core/rxjs-interop' {
  import type { Observable } from 'rxjs';
  export function toSignal<T>(source$: Observable<T>, options: { requireSync: true }): () => T;
  export function toSignal<T>(source$: Observable<T>, options: { initialValue: T }): () => T;
}`;

/** What the README's short pieces take for granted. */
const README = `
import type { Observable } from 'rxjs';
import type { ReactiveWorker, WorkerOptions } from 'simple-ipc';
declare global {
  interface Message { readonly id: number }
  const query$: Observable<string>;
  const searches$: Observable<string>;
  const requests$: Observable<Message>;
  const documents$: Observable<string>;
  const engine: ReactiveWorker;
  const worker: ReactiveWorker;
  const server: ReactiveWorker<Message, Message>;
  const store: (line: string) => Promise<void>;
  const createLines: () => Iterable<string>;
  const EngineService: new (options: WorkerOptions) => object;
}`;

describe('the code in docs/recipes.md', () => {
  const blocks = codeBlocksOf('docs/recipes.md');

  it('is there', () => expect(blocks.length).toBeGreaterThan(9));

  it('has no type errors', () => {
    expect(typeErrorsIn('docs/recipes.md', blocks, FRAMEWORKS)).toEqual([]);
  });

  describe('that is a spec, passes:', () => {
    const modules: Record<string, unknown> = {
      rxjs,
      'simple-ipc': simpleIpc,
      'simple-ipc/testing': testing,
    };
    for (const name of ['OracleService.ts', 'OracleService.spec.ts']) {
      const script = toCommonJs(blocks.find((block) => block.name === name)!);
      const exported = {};
      // In this realm, where jest's globals are.
      // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call
      new Function('require', 'exports', script)((path: string) => modules[path], exported);
      modules[`./${name.replace('.ts', '.js')}`] = exported;
    }
  });
});

describe('the code in the README', () => {
  it('has no type errors', () => {
    const blocks = codeBlocksOf('README.md').map((block) =>
      withImports(block, { rxjs, 'simple-ipc': simpleIpc }),
    );
    expect(blocks.length).toBeGreaterThan(5);
    expect(typeErrorsIn('README.md', blocks, README)).toEqual([]);
  });
});

describe('typeErrorsIn', () => {
  it('says where the error is', () => {
    const blocks = [
      { name: 'wrong.ts', text: "import { createWorker } from 'simple-ipc';\ncreateWorker(1);" },
    ];
    expect(typeErrorsIn('README.md', blocks)).toEqual([
      expect.stringMatching(/^wrong\.ts, line 2: .*number/),
    ]);
  });
});
