/**
 * Emits a `SimpleIpcWarning`, for what no stream can carry: a process warning in Node, a line on the console
 * where there is no `process`.
 */
export function warn(message: string): void {
  // A bundler may give browsers a `process` with little in it.
  const host = typeof process === 'object' ? (process as Partial<NodeJS.Process>) : {};
  if (host.emitWarning) host.emitWarning(message, 'SimpleIpcWarning');
  else console.warn(`SimpleIpcWarning: ${message}`);
}
