import { takeWhile } from 'rxjs';
import type { ReactiveWorker } from 'simple-ipc';
import { expose, type RemoteOf } from 'simple-ipc/host';

/** A position to think about, and for how long: the only request that a client may send. */
const REQUEST = /^position fen [\w/ -]{10,100}\ngo movetime \d{2,4}$/;

/** The part of the engine that browsers get: all its output, and one exchange, `think`. They can send it nothing else. */
export const exposeEngine = (engine: ReactiveWorker) =>
  expose(engine, {
    exchanges: {
      think: {
        reply: takeWhile((line: string) => !line.startsWith('bestmove'), true),
        timeoutMs: 20_000,
        // If the engine dies while it thinks, the next run is asked again.
        idempotent: true,
      },
    },
    check: (value) => (REQUEST.test(String(value)) ? undefined : 'it is no position'),
  });

/** The engine, as the browser has it: `import type` is all that the front end takes from here. */
export type Engine = RemoteOf<ReturnType<typeof exposeEngine>>;
