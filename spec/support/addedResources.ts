/**
 * Compares two lists from `process.getActiveResourcesInfo()` as multisets.
 *
 * @returns what `after` has more than `before`, once for each: `['Timeout', 'PipeWrap', 'PipeWrap']`
 */
export function addedResources(before: readonly string[], after: readonly string[]): string[] {
  const known = [...before];
  return after.filter((resource) => {
    const index = known.indexOf(resource);
    if (index === -1) return true;
    known.splice(index, 1);
    return false;
  });
}
