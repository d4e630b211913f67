import { pathToFileURL } from 'node:url';

const { SIMPLE_IPC_DIST } = process.env;

/** The built library: that of this checkout, unless `--dist` names another to compare with. */
const dist = SIMPLE_IPC_DIST
  ? pathToFileURL(`${SIMPLE_IPC_DIST}/`)
  : new URL('../../dist/', import.meta.url);

export const index = new URL('esm/index.js', dist);
