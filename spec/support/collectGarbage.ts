import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Frees what nobody holds any more. */
export async function collectGarbage(): Promise<void> {
  // A WeakRef holds what it refers to until the turn is over.
  await turn();
  collect();
}
