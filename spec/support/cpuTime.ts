/** The CPU time that this process spends on `work`, in milliseconds; other processes change it little. */
export async function cpuMs(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

/** The least of three: noise only adds. */
export async function leastCpuMs(work: () => unknown): Promise<number> {
  return Math.min(await cpuMs(work), await cpuMs(work), await cpuMs(work));
}

/**
 * Expects 16 times the work to cost about 16 times the CPU time: less than 64 times, which leaves room for the
 * garbage collector and for caches that others use. At quadratic cost it would be 256 times.
 *
 * @param work - is called with `size` and with `16 * size`; the smaller should take some milliseconds.
 */
export async function expectLinearTime(
  size: number,
  work: (size: number) => unknown,
): Promise<void> {
  await work(16 * size); // warms up
  const once = await leastCpuMs(() => work(size));
  const sixteenTimes = await leastCpuMs(() => work(16 * size));
  expect(sixteenTimes / once).toBeLessThan(64);
}
