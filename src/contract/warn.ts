/**
 * Emits a `SimpleIpcWarning`, for what no stream can carry: a process warning in Node, a line on the console
 * where there is no `process`.
 */
export function warn(message: string): void {
  if (typeof process === 'object') process.emitWarning(message, 'SimpleIpcWarning');
  else console.warn(`SimpleIpcWarning: ${message}`);
}
