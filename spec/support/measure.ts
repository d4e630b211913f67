import { host } from './programs.js';

/** The result of a measurement. */
export interface Measured {
  /** How much more memory the host had than at first, in megabytes; the most at any time, if not reported. */
  readonly grownMb: number;
  readonly found: unknown;
}

/**
 * Runs a script, with all of simple-ipc as `ipc`, in a host of its own, and measures its memory.
 *
 * @param script - ends with `report(found)` or `report(found, grownMb)`.
 */
export async function measure(script: string): Promise<Measured> {
  const { stdout, stderr, end } = await host(`
    import { setFlagsFromString } from 'node:v8';
    import { runInNewContext } from 'node:vm';
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const until = (worker, state) => new Promise((resolve) => {
      worker.status$.subscribe((status) => { if (status.state === state) resolve(status); });
    });
    const rssMb = () => process.memoryUsage().rss / 1e6;
    const atFirst = rssMb();
    let peak = atFirst;
    const sampler = setInterval(() => { peak = Math.max(peak, rssMb()); }, 10);
    const report = (found, grownMb = peak - atFirst) => {
      clearInterval(sampler);
      console.log(JSON.stringify({ grownMb, found }));
    };
    ${script}
  `);
  expect({ stderr, end }).toEqual({ stderr: '', end: 0 });
  return JSON.parse(stdout) as Measured;
}
