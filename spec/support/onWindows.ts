/** Loads modules anew, as if this were Windows. */
export function onWindows<T>(load: () => T): T {
  const { platform } = process;
  const loaded: T[] = [];
  Object.defineProperty(process, 'platform', { value: 'win32' });
  try {
    jest.isolateModules(() => loaded.push(load()));
  } finally {
    Object.defineProperty(process, 'platform', { value: platform });
  }
  return loaded[0]!;
}
