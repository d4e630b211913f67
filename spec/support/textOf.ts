import type { ProgramInput } from '../../src/process/Program.js';

/** What is written at a time, as text. */
export const textOf = (data: ProgramInput): string =>
  typeof data === 'string' ? data : Buffer.concat(data).toString();
