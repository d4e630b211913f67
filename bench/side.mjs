// One side of one benchmark, in a process of its own: node side.mjs b1-output.mjs simpleIpc full
// Writes what it measured to stdout, as JSON. Modules are loaded before the clock starts.
import { readFileSync } from 'node:fs';
import { WrongResult } from './harness/check.mjs';

const [file, sideName, size] = process.argv.slice(2);
const { default: benchmark } = await import(`./benchmarks/${file}`);
const side = await import(`./sides/${sideName}.mjs`);
const work = { raw: benchmark.control, simpleIpc: benchmark.ours }[sideName] ?? benchmark.peer;

try {
  const cpuBefore = process.cpuUsage();
  const startedAt = process.hrtime.bigint();
  const measured = await work(side, benchmark.size[size]);
  const ms = Number(process.hrtime.bigint() - startedAt) / 1e6;
  const cpu = process.cpuUsage(cpuBefore);
  report({ ms, cpuMs: (cpu.user + cpu.system) / 1e3, peakMb: peakKb() / 1024, ...measured });
} catch (error) {
  report({ failure: error instanceof WrongResult ? error.message : `crashes: ${error.message}` });
  process.exitCode = 1;
}

function report(result) {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

/** The most memory that was resident, as the kernel counts it since this program was loaded. */
function peakKb() {
  // maxRSS would include what the process that forked this one had: on Linux there is better.
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS;
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
}
