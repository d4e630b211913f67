import process from 'node:process';

const { platform, arch } = process;

/**
 * What the package is tried on, from npm: a package for this platform, the executable in it, and the
 * arguments that make it run a file. `known` are the checks that fail there, by a fault of the runtime.
 */
export const RUNTIMES = [
  node(20),
  node(22),
  node(24),
  node(26),
  {
    name: 'bun',
    package: `@oven/bun-${platform}-${arch === 'arm64' ? 'aarch64' : arch}`,
    executable: 'bin/bun',
    args: ['run'],
    // It takes what is written to a closed pipe for delivered.
    known: ['a program that closed its stdin'],
  },
  {
    name: 'deno',
    package: `@deno/${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}`,
    executable: 'deno',
    args: ['run', '--allow-all'],
    known: [],
  },
];

function node(version) {
  return {
    name: `node${version}`,
    package: `node-${platform}-${arch}@${version}`,
    executable: 'bin/node',
    args: [],
    known: [],
    isNode: true,
  };
}
