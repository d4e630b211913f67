import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './run.mjs';

/** The folder of the package. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Packs what was built, as `npm publish` would.
 *
 * @param folder - where the tarball is put.
 * @returns its path, the names of the files in it, and their size.
 */
export function pack(folder) {
  const command = ['npm', 'pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const [{ filename, files, size, unpackedSize }] = JSON.parse(run(command, { cwd: root }));
  return {
    tarball: join(folder, filename),
    files: files.map(({ path }) => path),
    size,
    unpackedSize,
  };
}
