import { Worker, type LineCallback, type WorkerOptions } from 'simple-ipc/imperative';
import { expectTypeOf } from './expectTypeOf.js';

const worker = new Worker('bc', (line) => expectTypeOf(line).is<string>(), {
  start: false,
  verbose: false,
});
expectTypeOf(worker.running).is<boolean>();
expectTypeOf(worker.data).is<string | null>();
expectTypeOf(worker.run).is<() => void>();
expectTypeOf(worker.start).is<() => void>();
expectTypeOf(worker.send).is<(data: unknown) => void>();
expectTypeOf(worker.shutdown()).is<Promise<void>>();
expectTypeOf(worker.stop()).is<Promise<void>>();
expectTypeOf(worker[Symbol.dispose]).is<() => void>();
expectTypeOf(worker[Symbol.asyncDispose]()).is<Promise<void>>();
new Worker(['bc', '-l']);
new Worker('bc', undefined, { verbose: false });
// Anything that has a `String(data)`, as in the original.
worker.send({});
worker.send(null);

declare const callback: LineCallback;
expectTypeOf(callback).is<(line: string) => void>();
declare const options: WorkerOptions;
expectTypeOf(options).is<{ readonly start?: boolean; readonly verbose?: boolean }>();

// @ts-expect-error -- no command
new Worker();
// @ts-expect-error -- a command is text
new Worker(42);
// @ts-expect-error -- the options come third
new Worker('bc', { start: false });
// @ts-expect-error -- lines are text
new Worker('bc', (line: number) => line);
// @ts-expect-error -- no such option
new Worker('bc', callback, { restart: true });
// @ts-expect-error -- read-only
worker.running = false;
// @ts-expect-error -- read-only
worker.data = null;
