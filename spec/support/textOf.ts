import type { ProgramInput } from '../../src/process/Program.js';

/** A chunk as text. */
export const textOf = (data: ProgramInput): string =>
  typeof data === 'string' ? data : Buffer.concat(data).toString();
