import { Logger } from '@nestjs/common';
import type { ReactiveWorker } from '../contract/ReactiveWorker.js';
import { ExitError } from '../contract/errors.js';

/** The streams of a worker that are logged. */
type Logged = Pick<ReactiveWorker<unknown, unknown>, 'status$' | 'stderr$' | 'rejected$'>;

/**
 * Reports to Nest's logger, with the context `Worker:<name>`: a failure as error; a restart, and the first input of a
 * run that does not reach the program, as warning; that it runs as log; its stderr as debug. Ends with the worker.
 */
export function logWorker(name: string, worker: Logged): void {
  const logger = new Logger(`Worker:${name}`);
  let isRejecting = false;
  worker.status$.subscribe((status) => {
    switch (status.state) {
      case 'running':
        isRejecting = false;
        logger.log(`running (run ${status.generation})`);
        break;
      case 'backoff':
        logger.warn(`${new ExitError(status.exit).message}; next run in ${status.delayMs} ms`);
        break;
      case 'failed':
        logger.error(status.error.message, status.error.stack);
        break;
    }
  });
  worker.rejected$.subscribe(({ error }) => {
    if (!isRejecting) logger.warn(`an input was rejected: ${error.message}`);
    isRejecting = true;
  });
  worker.stderr$.subscribe((line) => logger.debug(line));
}
